"""A picture of any shape and orientation fills the frame as the manifest says."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.preprocessing import SIZE, assert_close, decode, encode_image, make_photo, make_quarters


@pytest.mark.parametrize("resize", ["pad", "crop", "squash"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(600, 300), (60, 40)])
def test_pictures_stand_upright(size, orientation, kind, resize):
    upright = make_quarters(*size)
    pixels = decode(encode_turned(upright, orientation, kind), resize)
    assert_close(pixels, decode(encode_image(upright), resize), by=40)
    assert np.abs(pixels - decode(encode_image(upright), resize)).mean() < 3


def encode_turned(upright, orientation, kind):
    """Encodes the picture so that this EXIF orientation makes it upright."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # orientation -> the turn it corrects
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
    return encode_image(stored, kind, exif=exif, **options.get(kind, {}))


@pytest.mark.parametrize("resize", ["pad", "crop", "squash"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_odd_number_of_pixels_shifts_nothing(orientation, kind, resize):
    """A halved picture ends within its last pixel; if it was turned, it begins within its first."""
    width, height = 1057, 1049  # a JPEG is decoded at an eighth, 132.125 x 131.125 pixels
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    planes = [across, down, np.full_like(across, 128)]
    upright = Image.fromarray(np.stack(planes, axis=-1).round().astype(np.uint8))
    pixels = decode(encode_turned(upright, orientation, kind), resize)
    exact = decode(encode_image(upright.resize((129, 128), Image.Resampling.BOX)), resize)
    assert np.abs((pixels - exact)[3:-3, 3:-3].mean(axis=(0, 1))).max() < 0.5


def test_pad_keeps_all_and_crop_the_middle_and_squash_the_frame():
    wide = make_quarters(200, 100)
    padded = decode(encode_image(wide), "pad")
    assert_close(padded[:6], 255)
    assert_close(padded[-6:], 255)
    assert_close(padded[10, 2], (255, 0, 0))
    cropped = decode(encode_image(wide), "crop")
    assert_close(cropped[2, 2], (255, 0, 0))
    assert_close(cropped[29, 29], (255, 255, 0))
    squashed = decode(encode_image(wide), "squash")
    assert_close(squashed[2, 2], (255, 0, 0))
    assert_close(squashed[29, 29], (255, 255, 0))


def test_a_frame_need_not_be_square():
    for resize in ("pad", "crop", "squash"):
        assert decode(encode_image(make_quarters(70, 90)), resize, size=(48, 24)).shape == (
            48,
            24,
            3,
        )


def pad_then_resize(data):
    """Does what ``pad`` means, as in the model's training."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    side = max(image.size)
    canvas = Image.new("RGB", (side, side), "white")
    canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return np.asarray(canvas.resize((SIZE, SIZE), Image.Resampling.BICUBIC), np.float32)


@pytest.mark.parametrize("size", [(1600, 1200), (1001, 777), (640, 480), (60, 50), (33, 900)])
def test_the_short_way_gives_what_padding_first_would(size):
    image = make_photo(*size)
    for data in (encode_image(image), encode_image(image, "JPEG", quality=95)):
        assert np.abs(decode(data) - pad_then_resize(data)).mean() < 3


@pytest.mark.parametrize("resize", ["pad", "crop", "squash"])
@pytest.mark.parametrize("size", [(1, 1), (5000, 2), (2, 5000), (1, 3), (100_000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_extreme_shapes_are_pictures_too(size, resize, kind):
    pixels = decode(encode_image(Image.new("RGB", size, "black"), kind), resize)
    assert pixels.shape == (SIZE, SIZE, 3)
    assert pixels.min() < 250


def test_no_margin_bleeds_into_a_picture_that_fills_the_frame():
    for side in range(29, 110):  # some of them, divided by 28 and multiplied again, are a bit more
        black = encode_image(Image.new("RGB", (side, side)))
        assert decode(black, "pad", size=(28, 28)).max() == 0, side
