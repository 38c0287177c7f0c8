"""Writes a tower as the content of an ONNX file, in the precision of a recipe."""

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
    """Returns the content of an ONNX file that gives unit vectors [n, dimension].

    With ``probes`` it also gives the largest absolute input, per channel, of each layer that may be
    smoothed: float32 [width], named ``range:block<i>.<role>``. Raises ExportError for a tower
    that one file cannot hold.
    """
    if isinstance(tower, ImageTower):
        return ImageEmitter(tower, recipe, probes=probes).content()
    return TextEmitter(tower, recipe, probes=probes).content()
