"""Compares a float32 graph with transformers: unless they agree, nothing is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_export.errors import ExportError
from model_export.quantisation.measurements import embed_items

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onnxruntime import InferenceSession

    from model_export.layers import Floats
    from model_export.source import Feeds

TOLERANCE = 1e-4
"""Largest difference allowed in any component of a unit vector. Measured: 1e-6."""

ITEMS = 8
"""torch takes 20 times as long as the int8 graph, and more items showed no larger difference."""


def measure_difference(
    name: str,
    tower: InferenceSession,
    embed_with_torch: Callable[[Feeds], Floats],
    items: Sequence[Feeds],
) -> float:
    """Returns the largest difference between the float32 session and torch, on some of the items.

    Raises ExportError if it is over the tolerance.
    """
    some = items[:: max(1, len(items) // ITEMS)][:ITEMS]
    theirs = np.concatenate([embed_with_torch(item) for item in some])
    return _check_difference(name, embed_items(tower, some), theirs)


def _check_difference(tower: str, ours: Floats, theirs: Floats) -> float:
    difference = float(np.abs(ours - theirs).max())
    if not difference <= TOLERANCE:  # NaN too
        raise ExportError(
            f"the {tower} tower's graph differs from transformers by {difference:.2g}: this "
            "checkpoint is not the architecture that its configuration names, or transformers "
            "has changed; please report it with the model's name"
        )
    return difference
