"""The float32 graph against transformers: the same numbers, or no export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_export.errors import ExportError
from model_export.graphs.emit import emit
from model_export.measuring import session, vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_export.layers import Floats
    from model_export.source import Feeds, ImageSource, TextSource

TOLERANCE = 1e-4
"""Of any component of a unit vector. Seen: 1e-6."""

ITEMS = 8
"""torch takes 20 times as long as the int8 graph; more items found nothing more."""


def image_difference(source: ImageSource, items: Sequence[Feeds]) -> float:
    """The largest difference. Raises ExportError when it is over the tolerance."""
    some = items[:: max(1, len(items) // ITEMS)][:ITEMS]
    ours = vectors(session(emit(source.tower)), some)
    theirs = [source.torch_vectors(item["pixel_values"]) for item in some]
    return _checked("image", ours, np.concatenate(theirs))


def text_difference(source: TextSource, items: Sequence[Feeds]) -> float:
    """The largest difference. Raises ExportError when it is over the tolerance."""
    some = items[:: max(1, len(items) // ITEMS)][:ITEMS]
    ours = vectors(session(emit(source.tower)), some)
    theirs = [source.torch_vectors(item) for item in some]
    return _checked("text", ours, np.concatenate(theirs))


def _checked(tower: str, ours: Floats, theirs: Floats) -> float:
    difference = float(np.abs(ours - theirs).max())
    if not difference <= TOLERANCE:  # NaN too
        raise ExportError(
            f"the {tower} tower's graph differs from transformers by {difference:.2g}: this "
            "checkpoint is not the architecture that its configuration names, or transformers "
            "has changed; please report it with the model's name"
        )
    return difference
