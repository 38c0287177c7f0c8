"""The float32 graph against transformers: the same numbers, or no export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_export.errors import ExportError
from model_export.quantisation.measurements import vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onnxruntime import InferenceSession

    from model_export.layers import Floats
    from model_export.source import Feeds

TOLERANCE = 1e-4
"""Of any component of a unit vector. Seen: 1e-6."""

ITEMS = 8
"""torch takes 20 times as long as the int8 graph; more items found nothing more."""


def difference(
    name: str,
    tower: InferenceSession,
    torch_vectors: Callable[[Feeds], Floats],
    items: Sequence[Feeds],
) -> float:
    """The largest of some items, between the float32 session and torch.

    Raises ExportError when it is over the tolerance.
    """
    some = items[:: max(1, len(items) // ITEMS)][:ITEMS]
    theirs = np.concatenate([torch_vectors(item) for item in some])
    return _checked(name, vectors(tower, some), theirs)


def _checked(tower: str, ours: Floats, theirs: Floats) -> float:
    difference = float(np.abs(ours - theirs).max())
    if not difference <= TOLERANCE:  # NaN too
        raise ExportError(
            f"the {tower} tower's graph differs from transformers by {difference:.2g}: this "
            "checkpoint is not the architecture that its configuration names, or transformers "
            "has changed; please report it with the model's name"
        )
    return difference
