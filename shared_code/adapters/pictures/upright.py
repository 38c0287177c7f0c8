"""Reads how a picture must be turned to stand upright, from the EXIF orientation of cameras."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import ExifTags, Image


@dataclass(frozen=True, slots=True)
class Turn:
    """A transpose, and its parts: x and y are swapped, then x is reversed, then y."""

    method: Image.Transpose
    swaps: bool
    mirrors: bool
    flips: bool


_TURNS: dict[int | None, Turn] = {
    2: Turn(Image.Transpose.FLIP_LEFT_RIGHT, False, True, False),
    3: Turn(Image.Transpose.ROTATE_180, False, True, True),
    4: Turn(Image.Transpose.FLIP_TOP_BOTTOM, False, False, True),
    5: Turn(Image.Transpose.TRANSPOSE, True, False, False),
    6: Turn(Image.Transpose.ROTATE_270, True, True, False),
    7: Turn(Image.Transpose.TRANSVERSE, True, True, True),
    8: Turn(Image.Transpose.ROTATE_90, True, False, True),
}
"""EXIF orientation -> what makes the picture upright."""


def read_turn(picture: Image.Image) -> Turn | None:
    """Returns what makes a loaded picture upright; None where it is, or where its metadata is
    damaged. (Pillow turns a TIFF itself while loading it, and then says so.)"""
    try:
        return _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # damaged metadata is no reason to refuse a sound picture
        return None
