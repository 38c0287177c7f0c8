"""Opens pictures for decoding: the limit on their pixels, and what decoders raise, translated.

Pillow decodes an opened picture only when its pixels are wanted, so the errors of whatever is done
within the ``with`` block are translated as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from shared_code.adapters.pictures.formats import detect_file_format
from shared_code.adapters.pictures.image_bytes import open_image_bytes
from shared_code.domain.errors import AppError, Unavailable, Unprocessable

if TYPE_CHECKING:
    from shared_code.domain.products import ImageBytes


class PictureDecoder:
    """Opens pictures of accepted formats that have at most ``max_pixels`` pixels."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        # Pillow's own limit stays as the guard inside open(), where WebP and GIF reserve
        # their canvas; it is only ever raised, so that a higher one of ours can rule
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, max_pixels)

    @contextmanager
    def open(self, data: ImageBytes) -> Iterator[Image.Image]:
        """Raises UnsupportedImage when the content is no accepted format, Unprocessable when it is
        one but cannot be decoded or has too many pixels, Unavailable when memory is short."""
        kind = detect_file_format(data).pillow
        try:
            with Image.open(open_image_bytes(data), formats=[kind]) as picture:
                self._check_pixels(picture.width * picture.height)
                yield picture
        except AppError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
            raise self._too_large(re.sub(r"\D*(\d+).*", r"\1", str(exc))) from exc
        except MemoryError as exc:  # the picture is within the limit: other requests hold it
            raise Unavailable("There is not enough memory for this picture now.") from exc
        except Exception as exc:  # decoders raise what they like on damaged files
            why = "its header is damaged" if isinstance(exc, UnidentifiedImageError) else str(exc)
            raise Unprocessable(f"The {kind} picture cannot be decoded: {why}.") from exc

    def _check_pixels(self, pixels: int) -> None:
        if pixels > self._max_pixels:
            raise self._too_large(str(pixels))

    def _too_large(self, pixels: str) -> Unprocessable:
        limit = f"the limit is {self._max_pixels} (MAX_IMAGE_PIXELS)"
        return Unprocessable(f"The picture has {pixels} pixels; {limit}. Make it smaller.")
