"""Pictures to preprocess, and the way back from the tower's input to pixels one can look at."""

import io

import numpy as np
import pytest
from PIL import Image, features

from shared_code.adapters.clip.bundle import ImageSpec
from shared_code.adapters.clip.preprocess import Preprocess

SIZE = 32
LIMIT = 50_000_000


def spec(resize="pad", **changes):
    facts = {
        "file": "",
        "input": "",
        "output": "",
        "size": (SIZE, SIZE),
        "resize": resize,
        "interpolation": "bicubic",
        "mean": (0.0, 0.0, 0.0),
        "std": (1.0, 1.0, 1.0),
        "pad_color": (255, 255, 255),
    }
    return ImageSpec(**(facts | changes))


def decode(data, resize="pad", *, max_pixels=LIMIT, **changes):
    """Preprocesses a picture and returns its pixels from 0 to 255, [height, width, 3]."""
    planes = Preprocess(spec(resize, **changes), max_pixels=max_pixels)(data)
    assert planes.dtype == np.float32
    assert planes.flags.c_contiguous
    assert np.isfinite(planes).all()
    return planes.transpose(1, 2, 0) * 255


def encode_image(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def make_quarters(width=64, height=64):
    """Returns a picture whose quarters have four colours, so that every turn shows."""
    image = Image.new("RGB", (width, height), "red")
    image.paste((0, 255, 0), (width // 2, 0, width, height // 2))
    image.paste((0, 0, 255), (0, height // 2, width // 2, height))
    image.paste((255, 255, 0), (width // 2, height // 2, width, height))
    return image


def assert_close(pixels, expected, by=12):
    assert np.abs(np.asarray(pixels) - np.asarray(expected)).max() <= by, pixels


def make_photo(width, height, seed=0):
    """Returns a picture of smooth shapes with some grain."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    grain = random.normal(0, 5, (height, width, 1))
    return Image.fromarray((np.asarray(smooth) + grain).clip(0, 255).astype(np.uint8))


FORMATS = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
    "GIF": ("image/gif", "gif"),
    "BMP": ("image/bmp", "bmp"),
    "TIFF": ("image/tiff", "tiff"),
    "AVIF": ("image/avif", "avif"),
}
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
each_format = pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=needs_avif if k == "AVIF" else ()) for k in FORMATS]
)
