"""Pictures as the image tower takes them, by Pillow and numpy. Formats are told by content."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from shared_code.adapters.clip.resize import Fit
from shared_code.adapters.pictures.image_bytes import open_image_bytes
from shared_code.domain.errors import AppError, Unavailable, Unprocessable, UnsupportedImage
from shared_code.products.catalogue import PictureFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared_code.adapters.clip.bundle import ImageSpec
    from shared_code.domain.products import ImageBytes, Region


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


def picture_format(data: ImageBytes) -> PictureFormat:
    """The format, read from the first bytes; raises UnsupportedImage for any other content."""
    found = _format_of(data)
    return PictureFormat(found.mime, found.extension)


def _format_of(data: ImageBytes) -> _Format:
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
        self._fit = Fit(spec)
        self._max_pixels = max_pixels
        std = np.array(spec.std, np.float32)[:, None, None]
        self._scale = 1 / (255 * std)
        self._shift = -np.array(spec.mean, np.float32)[:, None, None] / std
        # Pillow's own limit stays as the guard inside open(), where WebP and GIF reserve
        # their canvas; it is only ever raised, so that a higher one of ours can rule
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, max_pixels)

    def __call__(self, data: ImageBytes, region: Region | None = None) -> NDArray[np.float32]:
        found = _format_of(data)
        try:
            with Image.open(open_image_bytes(data), formats=[found.pillow]) as picture:
                self._check_pixels(picture.width * picture.height)
                fitted = self._fit(picture if region is None else _part(picture, region))
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

    def _normalised(self, picture: Image.Image) -> NDArray[np.float32]:
        pixels = np.array(picture, dtype=np.float32, order="C").transpose(2, 0, 1)
        planes = np.ascontiguousarray(pixels)
        planes *= self._scale
        planes += self._shift
        return planes


def _part(picture: Image.Image, region: Region) -> Image.Image:
    """At least one pixel; decoded whole, since a part may need every pixel there is."""
    upright = ImageOps.exif_transpose(picture)
    left, top = region.x * upright.width, region.y * upright.height
    right, bottom = left + region.width * upright.width, top + region.height * upright.height
    box = (math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    return upright.crop((box[0], box[1], min(box[2], upright.width), min(box[3], upright.height)))
