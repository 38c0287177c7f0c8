"""Pictures as the image tower takes them, by Pillow and numpy. Formats are told by content.

Big pictures are made small in two steps: first to a whole fraction of their size, which is
cheap (a JPEG is only decoded that far) and leaves at least twice the pixels wanted; turning,
blending and padding are done on that; then the manifest's filter makes the exact size.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError, features

from shared_code.adapters.clip.colours import eight_bit, on_white
from shared_code.core.catalogue import PictureFormat
from shared_code.core.errors import AppError, Unavailable, Unprocessable, UnsupportedImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared_code.adapters.clip.bundle import ImageSpec


@dataclass(frozen=True, slots=True)
class _Format:
    pillow: str
    mime: str
    extension: str
    magic: bytes
    """How such a file begins, as a regular expression."""


_FORMATS = [
    _Format("JPEG", "image/jpeg", "jpg", rb"\xff\xd8\xff"),
    _Format("PNG", "image/png", "png", rb"\x89PNG\r\n\x1a\n"),
    _Format("WEBP", "image/webp", "webp", rb"RIFF.{4}WEBP"),
    _Format("GIF", "image/gif", "gif", rb"GIF8[79]a"),
    # BM alone would also be a text; the size of the second header takes a few values only
    _Format("BMP", "image/bmp", "bmp", rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"),
    _Format("TIFF", "image/tiff", "tiff", rb"II[*+]\0|MM\0[*+]"),
    # the brands, of which HEIC files list others
    _Format("AVIF", "image/avif", "avif", rb".{4}ftyp(?:.{4}){0,8}?avi[fs]"),
]
_ACCEPTED = [f for f in _FORMATS if f.pillow != "AVIF" or features.check("avif")]
_NAMES = ", ".join(f.pillow for f in _ACCEPTED)

_TURNS: dict[int | None, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what makes the picture upright."""

SPARE = 2
"""Shortcuts keep at least this many times the pixels wanted, each way, for the real filter."""


def picture_format(data: bytes) -> PictureFormat:
    """The format, read from the first bytes; raises UnsupportedImage for any other content."""
    found = _format_of(data)
    return PictureFormat(found.mime, found.extension)


def _format_of(data: bytes) -> _Format:
    for known in _ACCEPTED:
        if re.match(known.magic, data[:64], re.DOTALL):
            return known
    what = "not a picture of an accepted format" if data else "empty"
    raise UnsupportedImage(f"The file is {what}. Accepted, whatever the name: {_NAMES}.")


class Preprocess:
    """Bytes -> float32 [3, height, width], normalised as the manifest says.

    Raises UnsupportedImage when the content is no accepted format, Unprocessable when it is
    one but cannot be decoded or has over ``max_pixels`` pixels.
    """

    def __init__(self, spec: ImageSpec, *, max_pixels: int) -> None:
        self._height, self._width = spec.size
        self._rule = spec.resize
        self._filter = Image.Resampling[spec.interpolation.upper()]
        self._pad_color = spec.pad_color
        self._max_pixels = max_pixels
        std = np.array(spec.std, np.float32)[:, None, None]
        self._scale = 1 / (255 * std)
        self._shift = -np.array(spec.mean, np.float32)[:, None, None] / std
        # Pillow's own limit stays as the guard inside open(), where WebP and GIF reserve
        # their canvas; it is only ever raised, so that a higher one of ours can rule
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, max_pixels)

    def __call__(self, data: bytes) -> NDArray[np.float32]:
        found = _format_of(data)
        try:
            with Image.open(io.BytesIO(data), formats=[found.pillow]) as picture:
                self._check_pixels(picture.width * picture.height)
                fitted = self._fitted(picture)
        except AppError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
            raise self._too_large(re.sub(r"\D*(\d+).*", r"\1", str(exc))) from exc
        except MemoryError as exc:  # the picture is within the limit: other requests hold it
            raise Unavailable("There is not enough memory for this picture now.") from exc
        except Exception as exc:  # decoders raise what they like on damaged files
            why = "its header is damaged" if isinstance(exc, UnidentifiedImageError) else str(exc)
            raise Unprocessable(f"The {found.pillow} picture cannot be decoded: {why}.") from exc
        return self._normalised(fitted)

    def _check_pixels(self, pixels: int) -> None:
        if pixels > self._max_pixels:
            raise self._too_large(str(pixels))

    def _too_large(self, pixels: str) -> Unprocessable:
        limit = f"the limit is {self._max_pixels} (MAX_IMAGE_PIXELS)"
        return Unprocessable(f"The picture has {pixels} pixels; {limit}. Make it smaller.")

    def _fitted(self, picture: Image.Image) -> Image.Image:
        """Upright RGB of the tower's size."""
        frame = (self._width, self._height)
        # how the picture stands is known once it is loaded: prepare for either way
        ratio = min(self._ratio(picture.size, frame), self._ratio(picture.size, frame[::-1]))
        spare = max(1.0, ratio / SPARE)
        enough = (math.ceil(picture.width / spare), math.ceil(picture.height / spare))
        drafted = picture.draft(None, enough)
        plain = eight_bit(picture)
        if drafted:  # the last row and column may lie beyond the picture
            _, (_, _, width, height) = drafted
            plain = plain.crop((0, 0, max(1, round(width)), max(1, round(height))))
        small = _shrunk(plain, self._ratio(plain.size, frame) / (2 * SPARE))
        turn = _turn(picture)
        return self._resized(on_white(small if turn is None else small.transpose(turn)))

    def _ratio(self, size: tuple[int, int], frame: tuple[int, int]) -> float:
        """The picture's pixels per pixel of the frame."""
        ratios = (size[0] / frame[0], size[1] / frame[1])
        return max(ratios) if self._rule == "pad" else min(ratios)

    def _resized(self, picture: Image.Image) -> Image.Image:
        frame = (self._width, self._height)
        if self._rule == "squash":
            return picture.resize(frame, self._filter)
        ratio = self._ratio(picture.size, frame)
        width, height = frame[0] * ratio, frame[1] * ratio  # the frame, in the picture's pixels
        if self._rule == "pad":
            picture = self._with_margins(picture, width, height)
        left, top = max(0.0, picture.width - width) / 2, max(0.0, picture.height - height) / 2
        box = (left, top, min(picture.width, left + width), min(picture.height, top + height))
        return picture.resize(frame, self._filter, box)

    def _with_margins(self, picture: Image.Image, width: float, height: float) -> Image.Image:
        """The picture in the middle of a canvas of at least this size."""
        x, y = (
            math.ceil(max(0.0, wanted - side) / 2)
            for wanted, side in zip((width, height), picture.size, strict=True)
        )
        size = (picture.width + 2 * x, picture.height + 2 * y)
        canvas = Image.new("RGB", size, self._pad_color)
        canvas.paste(picture, (x, y))
        return canvas

    def _normalised(self, picture: Image.Image) -> NDArray[np.float32]:
        pixels = np.array(picture, dtype=np.float32, order="C").transpose(2, 0, 1)
        planes = np.ascontiguousarray(pixels)
        planes *= self._scale
        planes += self._shift
        return planes


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """What makes a loaded picture upright. (Pillow turns a TIFF itself while loading it.)"""
    try:
        return _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # damaged metadata is no reason to refuse a sound picture
        return None


def _shrunk(picture: Image.Image, by: float) -> Image.Image:
    """Averaged down, cheaply."""
    if by <= 1:
        return picture
    size = (max(1, round(picture.width / by)), max(1, round(picture.height / by)))
    return picture.resize(size, Image.Resampling.BOX)
