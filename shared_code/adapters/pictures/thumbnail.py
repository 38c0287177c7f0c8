"""Makes thumbnails with Pillow: decoded only as far as needed, upright, on white, as WebP."""

from __future__ import annotations

import io
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from shared_code.adapters.pictures.colours import blend_on_white, convert_to_eight_bit
from shared_code.adapters.pictures.decoding import PictureDecoder
from shared_code.adapters.pictures.upright import read_turn

if TYPE_CHECKING:
    from PIL import Image

QUALITY = 80
METHOD = 0
"""The WebP encoder's effort, 0 to 6: the quickest, at the cost of some bytes."""

MAX_CONCURRENT = 2
"""A decoded picture of 50 megapixels takes 150 MB, and a page requests many thumbnails at once."""


class PillowThumbnailer:
    """Called with a picture's bytes and the longer side, in pixels; returns the WebP's bytes.

    Raises UnsupportedImage for content of no accepted format, Unprocessable for a picture that
    cannot be decoded or has over ``max_pixels`` pixels.
    """

    def __init__(self, max_pixels: int) -> None:
        self._decoder = PictureDecoder(max_pixels)
        self._turns = BoundedSemaphore(MAX_CONCURRENT)

    def __call__(self, picture: bytes, side: int) -> bytes:
        with self._turns, self._decoder.open(picture) as opened:
            return self._make_webp(opened, side)

    def _make_webp(self, opened: Image.Image, side: int) -> bytes:
        # a JPEG is decoded only to about this size
        opened.draft(None, (side, side))
        small = convert_to_eight_bit(opened)
        small.thumbnail((side, side))
        turn = read_turn(opened)
        upright = small if turn is None else small.transpose(turn.method)
        stream = io.BytesIO()
        blend_on_white(upright).save(stream, "WEBP", quality=QUALITY, method=METHOD)
        return stream.getvalue()
