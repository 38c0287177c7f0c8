"""Thumbnails by Pillow: decoded only as far as needed, upright, on white, as WebP."""

from __future__ import annotations

import io
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from shared_code.adapters.pictures.colours import eight_bit, on_white
from shared_code.adapters.pictures.decoding import PictureDecoder
from shared_code.adapters.pictures.upright import read_turn

if TYPE_CHECKING:
    from PIL import Image

QUALITY = 80
METHOD = 0
"""Of the encoder, 0 to 6: the quickest, at the cost of some bytes."""

AT_ONE_TIME = 2
"""A picture of 50 megapixels takes 150 MB decoded; a page asks for many thumbnails at once."""


class PillowThumbnail:
    """Raises UnsupportedImage for content of no accepted format, Unprocessable for one that
    cannot be decoded or has over ``max_pixels`` pixels."""

    def __init__(self, max_pixels: int) -> None:
        self._decoder = PictureDecoder(max_pixels)
        self._turns = BoundedSemaphore(AT_ONE_TIME)

    def __call__(self, picture: bytes, side: int) -> bytes:
        with self._turns, self._decoder.open(picture) as opened:
            return self._webp(opened, side)

    def _webp(self, opened: Image.Image, side: int) -> bytes:
        # a JPEG is decoded only so far
        opened.draft(None, (side, side))
        small = eight_bit(opened)
        small.thumbnail((side, side))
        turn = read_turn(opened)
        upright = small if turn is None else small.transpose(turn.method)
        stream = io.BytesIO()
        on_white(upright).save(stream, "WEBP", quality=QUALITY, method=METHOD)
        return stream.getvalue()
