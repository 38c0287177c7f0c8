"""Thumbnails by Pillow: decoded only as far as needed, upright, on white, as WebP."""

from __future__ import annotations

import io
from contextlib import suppress
from threading import BoundedSemaphore

from PIL import ExifTags, Image, ImageOps

from shared_code.adapters.clip.preprocess import picture_format
from shared_code.adapters.pictures.colours import eight_bit, on_white
from shared_code.domain.errors import AppError, Unavailable, Unprocessable

QUALITY = 80
METHOD = 0
"""Of the encoder, 0 to 6: the quickest, at the cost of some bytes."""

AT_ONE_TIME = 2
"""A picture of 50 megapixels takes 150 MB decoded; a page asks for many thumbnails at once."""


class PillowThumbnail:
    """Raises UnsupportedImage for content of no accepted format, Unprocessable for one that
    cannot be decoded or has over ``max_pixels`` pixels."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._turns = BoundedSemaphore(AT_ONE_TIME)
        # Pillow's own limit guards open(); it is only ever raised, for a higher one of ours
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, max_pixels)

    def __call__(self, picture: bytes, side: int) -> bytes:
        kind = picture_format(picture).mime.partition("/")[2].upper()
        with self._turns:
            try:
                with Image.open(io.BytesIO(picture), formats=[kind]) as opened:
                    return self._webp(opened, side)
            except AppError:
                raise
            except MemoryError as exc:
                raise Unavailable("There is not enough memory for this picture now.") from exc
            except Exception as exc:  # decoders raise what they like on damaged files
                raise Unprocessable(f"The {kind} picture cannot be decoded: {exc}.") from exc

    def _webp(self, opened: Image.Image, side: int) -> bytes:
        pixels = opened.width * opened.height
        if pixels > self._max_pixels:
            limit = f"the limit is {self._max_pixels} (MAX_IMAGE_PIXELS)"
            raise Unprocessable(f"The picture has {pixels} pixels; {limit}.")
        # a JPEG is decoded only so far
        opened.draft(None, (side, side))
        small = eight_bit(opened)
        small.thumbnail((side, side))
        stream = io.BytesIO()
        upright = on_white(_upright(small, opened))
        upright.save(stream, "WEBP", quality=QUALITY, method=METHOD)
        return stream.getvalue()


def _upright(small: Image.Image, opened: Image.Image) -> Image.Image:
    """``opened`` is loaded: Pillow turns a TIFF itself while loading it, and says so."""
    with suppress(Exception):  # damaged metadata is no reason to refuse a sound picture
        turn = opened.getexif().get(ExifTags.Base.Orientation, 1)
        small.getexif()[ExifTags.Base.Orientation] = turn
        return ImageOps.exif_transpose(small)
    return small
