"""Converts all the ways in which files store colour to the few that a resize handles correctly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageCms

if TYPE_CHECKING:
    from numpy.typing import NDArray


def convert_to_eight_bit(picture: Image.Image) -> Image.Image:
    """Returns the picture in mode L, LA, RGB or RGBA, which a resize handles correctly."""
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        return _stretch_contrast(np.asarray(picture, dtype=np.float64))
    if picture.mode == "LAB":
        return _lab_to_rgb(picture)
    if picture.has_transparency_data:
        return picture.convert("LA" if picture.mode == "La" else "RGBA")
    return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")


def _stretch_contrast(values: NDArray[Any]) -> Image.Image:
    """Maps the range of grey values of no fixed scale (32-bit and float TIFF) to black to white."""
    finite = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    low, high = finite.min(), finite.max()
    scaled = (finite - low) * (255 / ((high - low) or 1))
    return Image.fromarray(scaled.round().astype(np.uint8))


def _lab_to_rgb(picture: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
    rgb = ImageCms.applyTransform(picture, transform)
    return rgb if rgb is not None else picture


def blend_on_white(picture: Image.Image) -> Image.Image:
    """Returns the picture in mode RGB; what is transparent shows white."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    rgba = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
