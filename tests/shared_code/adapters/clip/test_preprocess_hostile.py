"""Pictures that nobody should send: bombs, truncated ones, damaged ones."""

import struct

import numpy as np
import pytest
from PIL import Image

from shared_code.domain.errors import Unprocessable, UnsupportedImage
from tests.pictures import bomb
from tests.preprocessing import LIMIT, decode, each_format, encode_image, make_photo


@pytest.mark.parametrize("size", [(60_000, 60_000), (8_000, 7_000), (12_000, 10_000)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_too_many_pixels_are_refused_by_the_header(size):
    pixels = size[0] * size[1]
    with pytest.raises(Unprocessable, match=rf"{pixels} pixels; the limit is {LIMIT}"):
        decode(bomb(*size))


def test_a_bomb_is_refused_where_warnings_are_errors_too():
    with pytest.raises(Unprocessable, match="120000000 pixels"):
        decode(bomb(12_000, 10_000))


def test_the_limit_is_the_settings():
    data = encode_image(Image.new("RGB", (40, 26), "white"))
    assert decode(data, max_pixels=1040).shape
    with pytest.raises(Unprocessable, match="1040 pixels; the limit is 1000"):
        decode(data, max_pixels=1000)


def make_webp_bomb():
    """Returns an extended WebP of a few bytes with the largest canvas that the format has."""
    canvas = struct.pack("<I", 16_383 - 1)[:3] * 2
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def make_gif_bomb():
    screen = struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0)
    control = b"!\xf9\x04\x08\0\0\0\0"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02D\x01\0;"
    return b"GIF89a" + screen + control + frame


@pytest.mark.parametrize("data", [make_webp_bomb(), make_gif_bomb()])
def test_canvas_bombs_are_refused_before_their_canvas_is_made(data):
    with pytest.raises(Unprocessable, match=r"pixels; the limit is"):
        decode(data)


@each_format
@pytest.mark.parametrize("fraction", [0.9, 0.6, 0.3, 0.05])
@pytest.mark.filterwarnings("ignore")  # TIFF warns of what it cannot read, then fails
def test_a_truncated_picture_cannot_be_decoded(kind, fraction):
    data = encode_image(make_photo(300, 200), kind)
    with pytest.raises(Unprocessable, match=f"{kind} picture cannot be decoded") as caught:
        decode(data[: int(len(data) * fraction)])
    assert "0x" not in str(caught.value)


@each_format
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_picture_is_decoded_or_refused_but_never_an_accident(kind):
    random = np.random.default_rng(7)
    sound = np.frombuffer(encode_image(make_photo(120, 80), kind), np.uint8)
    for _ in range(150):
        damaged = sound.copy()
        at = random.integers(0, min(len(sound), 400), 4)
        damaged[at] = random.integers(0, 256, 4)
        try:
            decode(damaged.tobytes(), max_pixels=1_000_000)
        except (Unprocessable, UnsupportedImage) as exc:
            assert str(exc)  # noqa: PT017 - either outcome is right
