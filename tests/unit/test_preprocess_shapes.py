"""Whatever its shape and however it lies, a picture fills the frame as the manifest says."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.decoding import SIZE, close, decode, photo, quarters, saved


@pytest.mark.parametrize("resize", ["pad", "crop", "squash"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(orientation, kind, resize):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # orientation -> the turn it corrects
    upright = quarters(600, 300)
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    found = decode(saved(stored, kind, exif=exif, **options), resize)
    close(found, decode(saved(upright), resize), by=40)
    assert np.abs(found - decode(saved(upright), resize)).mean() < 3


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
