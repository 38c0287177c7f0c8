"""Gives Pillow a file to read a picture from, without a copy of the bytes in memory."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from shared_code.domain.products import ImageBytes


def open_image_bytes(data: ImageBytes) -> IO[bytes]:
    """Returns a file over the data. (``io.BytesIO`` shares memory with bytes but copies a view.)"""
    return io.BytesIO(data) if isinstance(data, bytes) else io.BufferedReader(_ViewFile(data))


class _ViewFile(io.RawIOBase):
    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer
        part = self._view[self._position : self._position + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._view)}[whence]
        if origin + offset < 0:
            raise ValueError("negative seek position")
        self._position = origin + offset
        return self._position
