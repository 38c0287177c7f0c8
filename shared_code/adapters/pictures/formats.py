"""The picture formats that the app accepts, told by a file's content, whatever its name says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import features

from shared_code.domain.errors import UnsupportedImage
from shared_code.domain.ports import PictureFormat

if TYPE_CHECKING:
    from shared_code.domain.products import ImageBytes


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format as Pillow names it, and how to recognise it."""

    pillow: str
    mime: str
    extension: str
    magic: bytes
    """How such a file begins, as a regular expression."""


_FORMATS = [
    FileFormat("JPEG", "image/jpeg", "jpg", rb"\xff\xd8\xff"),
    FileFormat("PNG", "image/png", "png", rb"\x89PNG\r\n\x1a\n"),
    FileFormat("WEBP", "image/webp", "webp", rb"RIFF.{4}WEBP"),
    FileFormat("GIF", "image/gif", "gif", rb"GIF8[79]a"),
    # BM alone may also begin a text; the size of the second header takes a few values only
    FileFormat("BMP", "image/bmp", "bmp", rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"),
    FileFormat("TIFF", "image/tiff", "tiff", rb"II[*+]\0|MM\0[*+]"),
    # the brands: a HEIC file lists others
    FileFormat("AVIF", "image/avif", "avif", rb".{4}ftyp(?:.{4}){0,8}?avi[fs]"),
]
_ACCEPTED = [f for f in _FORMATS if f.pillow != "AVIF" or features.check("avif")]
_NAMES = ", ".join(f.pillow for f in _ACCEPTED)


def detect_picture_format(data: ImageBytes) -> PictureFormat:
    """Reads the first bytes. Raises UnsupportedImage for content of no accepted format."""
    file_format = detect_file_format(data)
    return PictureFormat(file_format.mime, file_format.extension)


def detect_file_format(data: ImageBytes) -> FileFormat:
    """Like ``detect_picture_format``, with the name that Pillow has for the format."""
    for file_format in _ACCEPTED:
        if re.match(file_format.magic, data[:64], re.DOTALL):
            return file_format
    problem = "not a picture of an accepted format" if data else "empty"
    raise UnsupportedImage(f"The file is {problem}. Accepted, whatever the name: {_NAMES}.")
