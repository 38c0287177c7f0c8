"""What is done with the bytes of a picture: recognise, download, shrink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """An accepted format, recognised by the content."""

    mime: str
    extension: str


class FetchImage(Protocol):
    """Returns the bytes behind an https URL. Raises Unprocessable for what cannot be fetched."""

    def __call__(self, url: str) -> bytes: ...


class MakeThumbnail(Protocol):
    """Returns a WebP no larger than ``side`` pixels each way, upright, on white.

    Raises as ``Encoder.decode`` does.
    """

    def __call__(self, picture: bytes, side: int) -> bytes: ...
