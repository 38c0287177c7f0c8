"""Real photographs for tests: those in the package scikit-image, in the public domain or CC0.

Only its files are read; it is not imported. Each is small enough that nothing is shortened
on the way to a tower's input, but ``retina.jpg``, of 1411 pixels a side.
"""

import functools
import importlib.util
import io
import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PHOTOS = (
    "astronaut.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "hubble_deep_field.jpg",
    "motorcycle_left.png",
    "rocket.jpg",
)
LARGER = "retina.jpg"


def photo_bytes(name: str) -> bytes:
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        pytest.skip("scikit-image, whose photographs are used, is not installed here")
    return (Path(package.origin).parent / "data" / name).read_bytes()


def photo(name: str) -> Image.Image:
    """Returns the photograph as RGB."""
    return Image.open(io.BytesIO(photo_bytes(name))).convert("RGB")


@functools.cache
def contact_sheet(width: int, height: int) -> Image.Image:
    """The photographs side by side, at the size they have: sharp in every part."""
    sheet = Image.new("RGB", (width, height))
    names = itertools.cycle(PHOTOS)
    for top in range(0, height, 300):
        left = 0
        while left < width:
            tile = photo(next(names))
            sheet.paste(tile, (left, top))
            left += tile.width
    return sheet


@functools.cache
def enlarge_photo(name: str, width: int, height: int) -> Image.Image:
    """One photograph as a camera of many pixels gives it: soft, with grain in every pixel."""
    large = photo(name).resize((width, height), Image.Resampling.BICUBIC)
    grain = np.random.default_rng(0).normal(0, 6, (height, width, 1))
    return Image.fromarray((np.asarray(large) + grain).clip(0, 255).astype(np.uint8))
