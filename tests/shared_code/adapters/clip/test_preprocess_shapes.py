"""Whatever its shape and however it lies, a picture fills the frame as the manifest says."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.preprocessing import SIZE, close, decode, photo, quarters, saved


@pytest.mark.parametrize("resize", ["pad", "crop", "squash"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(600, 300), (60, 40)])
def test_pictures_stand_upright(size, orientation, kind, resize):
    upright = quarters(*size)
    found = decode(lying(upright, orientation, kind), resize)
    close(found, decode(saved(upright), resize), by=40)
    assert np.abs(found - decode(saved(upright), resize)).mean() < 3


def lying(upright, orientation, kind):
    """Stored in such a way that this EXIF orientation makes it upright."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # orientation -> the turn it corrects
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
    return saved(stored, kind, exif=exif, **options.get(kind, {}))


@pytest.mark.parametrize("resize", ["pad", "crop", "squash"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_odd_number_of_pixels_shifts_nothing(orientation, kind, resize):
    """Halved, it ends within the last pixel; turned, it begins within the first."""
    width, height = 1057, 1049  # a JPEG is decoded at an eighth, 132.125 x 131.125 pixels
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    planes = [across, down, np.full_like(across, 128)]
    upright = Image.fromarray(np.stack(planes, axis=-1).round().astype(np.uint8))
    found = decode(lying(upright, orientation, kind), resize)
    exact = decode(saved(upright.resize((129, 128), Image.Resampling.BOX)), resize)
    assert np.abs((found - exact)[3:-3, 3:-3].mean(axis=(0, 1))).max() < 0.5


def test_pad_keeps_all_and_crop_the_middle_and_squash_the_frame():
    wide = quarters(200, 100)
    padded = decode(saved(wide), "pad")
    close(padded[:6], 255)
    close(padded[-6:], 255)
    close(padded[10, 2], (255, 0, 0))
    cropped = decode(saved(wide), "crop")
    close(cropped[2, 2], (255, 0, 0))
    close(cropped[29, 29], (255, 255, 0))
    squashed = decode(saved(wide), "squash")
    close(squashed[2, 2], (255, 0, 0))
    close(squashed[29, 29], (255, 255, 0))


def test_a_frame_need_not_be_square():
    for resize in ("pad", "crop", "squash"):
        assert decode(saved(quarters(70, 90)), resize, size=(48, 24)).shape == (48, 24, 3)


def pad_then_resize(data):
    """The definition of ``pad``, as the model was trained with."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    side = max(image.size)
    canvas = Image.new("RGB", (side, side), "white")
    canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return np.asarray(canvas.resize((SIZE, SIZE), Image.Resampling.BICUBIC), np.float32)


@pytest.mark.parametrize("size", [(1600, 1200), (1001, 777), (640, 480), (60, 50), (33, 900)])
def test_the_short_way_gives_what_padding_first_would(size):
    image = photo(*size)
    for data in (saved(image), saved(image, "JPEG", quality=95)):
        assert np.abs(decode(data) - pad_then_resize(data)).mean() < 3


@pytest.mark.parametrize("resize", ["pad", "crop", "squash"])
@pytest.mark.parametrize("size", [(1, 1), (5000, 2), (2, 5000), (1, 3), (100_000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_extreme_shapes_are_pictures_too(size, resize, kind):
    found = decode(saved(Image.new("RGB", size, "black"), kind), resize)
    assert found.shape == (SIZE, SIZE, 3)
    assert found.min() < 250


def test_no_margin_bleeds_into_a_picture_that_fills_the_frame():
    for side in range(29, 110):  # some of them, divided by 28 and multiplied again, are a bit more
        black = saved(Image.new("RGB", (side, side)))
        assert decode(black, "pad", size=(28, 28)).max() == 0, side
