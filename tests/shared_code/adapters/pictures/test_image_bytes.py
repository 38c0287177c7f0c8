"""Pillow reads a view of a request's body like a file."""

import io

import pytest
from PIL import Image

from shared_code.adapters.pictures.image_bytes import open_image_bytes

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_within_a_body_is_decoded_like_one_of_its_own(kind):
    stream = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((200, 150)).save(stream, kind)
    data = stream.getvalue()
    body = b"head" + data + b"tail"
    view = memoryview(body)[4:-4]
    with Image.open(open_image_bytes(data)) as alone, Image.open(open_image_bytes(view)) as within:
        assert within.tobytes() == alone.tobytes()


def test_it_reads_and_seeks_as_files_do():
    data = bytes(range(256)) * 300
    whole, view = io.BytesIO(data), open_image_bytes(memoryview(b"x" + data + b"x")[1:-1])
    for step in ((7, io.SEEK_SET), (-300, io.SEEK_END), (5, io.SEEK_CUR), (10**6, io.SEEK_SET)):
        assert view.seek(*step) == whole.seek(*step)
        assert view.read(70_000) == whole.read(70_000)
        assert view.tell() == whole.tell()
    with pytest.raises((ValueError, OSError)):
        view.seek(-1)


def test_bytes_are_not_copied_by_their_file():
    data = b"picture" * 1000
    assert open_image_bytes(data).read() is data
