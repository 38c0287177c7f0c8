"""Small pictures made in code, for tests."""

import io
import struct
import zlib

from PIL import Image

COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (30, 60, 210)}


def picture(colour: str = "red", *, size: tuple[int, int] = (48, 32), kind: str = "PNG") -> bytes:
    """Returns a plain picture of one colour, encoded."""
    stream = io.BytesIO()
    Image.new("RGB", size, COLOURS.get(colour, colour)).save(stream, kind)
    return stream.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Returns a PNG of a few bytes whose header promises gigapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )
