"""Texts and pictures for the golden vectors: made in code, the same on every machine."""

import functools
import io

import numpy as np
from PIL import Image, ImageDraw

TEXTS = [
    "a red summer dress",
    "black leather boots",
    "Coffee mug with a blue handle",
    "wooden chair, four legs",
    "a photo of a banana",
    "The quick brown fox. " * 30,
    "robe d'été rouge",
    "tasse à café en porcelaine",
    "un four",  # an English word, in French company
]


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _gradient() -> Image.Image:
    across, down = np.meshgrid(np.arange(320), np.arange(240))
    planes = [across * 255 // 319, down * 255 // 239, (across + down) % 256]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def _disc() -> Image.Image:
    image = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(image).ellipse((50, 50, 250, 250), "crimson")
    return image


def _mug() -> Image.Image:
    image = Image.new("RGB", (400, 300), "ivory")
    draw = ImageDraw.Draw(image)
    draw.rectangle((120, 80, 260, 240), "navy")
    draw.arc((230, 110, 320, 210), -90, 90, "navy", 16)
    return image


def _stripes() -> Image.Image:
    rows = (np.arange(500) // 25 % 2 * 255).astype(np.uint8)
    return Image.fromarray(np.repeat(rows[:, None], 200, axis=1))


PICTURES = {
    "gradient": _png(_gradient()),
    "disc": _png(_disc()),
    "mug": _png(_mug()),
    "stripes": _png(_stripes()),
}


@functools.cache
def photo(width: int, height: int, *, kind: str, seed: int = 1) -> bytes:
    """Like a photograph to a codec: shapes of every size, and grain."""
    random = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), 128, np.float32)
    for shapes, contrast in ((4, 90), (16, 50), (64, 30), (250, 20)):
        coarse = random.uniform(-1, 1, (max(2, shapes * height // width), shapes, 3))
        for channel in range(3):
            layer = Image.fromarray(coarse[..., channel].astype(np.float32))
            layer = layer.resize((width, height), Image.Resampling.BICUBIC)
            pixels[..., channel] += contrast * np.asarray(layer)
    pixels += random.normal(0, 6, (height, width, 1))
    stream = io.BytesIO()
    options = {"quality": 90} if kind == "JPEG" else {"compress_level": 1}
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(stream, kind, **options)
    return stream.getvalue()
