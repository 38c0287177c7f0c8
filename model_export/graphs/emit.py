"""A tower and a recipe become the content of an ONNX file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_export.graphs.image import ImageEmitter
from model_export.graphs.text import TextEmitter
from model_export.layers import ImageTower
from model_export.recipes import FLOAT

if TYPE_CHECKING:
    from model_export.layers import Tower
    from model_export.recipes import Recipe


def emit(tower: Tower, recipe: Recipe = FLOAT, *, probes: bool = False) -> bytes:
    """The tower as the content of an ONNX file: [n, dimension] unit vectors of pictures or texts.

    With ``probes`` also the largest absolute input of each layer that smoothing may treat, per
    channel: float32 [width], named ``range:block<i>.<role>``. Raises ExportError for a tower
    that one file cannot hold.
    """
    if isinstance(tower, ImageTower):
        return ImageEmitter(tower, recipe, probes=probes).content()
    return TextEmitter(tower, recipe, probes=probes).content()
