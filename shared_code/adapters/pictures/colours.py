"""Every way a file can store colour, as the few that a resize treats right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageCms

if TYPE_CHECKING:
    from numpy.typing import NDArray


def eight_bit(picture: Image.Image) -> Image.Image:
    """As L, RGB or RGBA: the modes that a resize treats right."""
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        return _stretched(np.asarray(picture, dtype=np.float64))
    if picture.mode == "LAB":
        return _lab_to_rgb(picture)
    if picture.has_transparency_data:
        return picture.convert("LA" if picture.mode == "La" else "RGBA")
    return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")


def _stretched(values: NDArray[Any]) -> Image.Image:
    """Grey of no fixed scale (32-bit and float TIFF): its own range becomes black to white."""
    finite = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    low, high = finite.min(), finite.max()
    scaled = (finite - low) * (255 / ((high - low) or 1))
    return Image.fromarray(scaled.round().astype(np.uint8))


def _lab_to_rgb(picture: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
    converted = ImageCms.applyTransform(picture, transform)
    return converted if converted is not None else picture


def on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
