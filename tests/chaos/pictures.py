"""Pictures for the chaos test: every sample, and variations of samples, no two alike; and blobs
that can never be indexed."""

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps

from samples.catalogue import load
from tests.pictures import bomb

SIDE = 224
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
MAX_UPLOAD_MB = 1

# kind -> extension, and the reason in GET index-failures as a regular expression
BAD_PICTURES = {
    "truncated JPEG": ("jpg", r"The JPEG picture cannot be decoded"),
    "truncated PNG": ("png", r"The PNG picture cannot be decoded"),
    "text": ("jpg", r"not a picture of an accepted format"),
    "empty": ("webp", r"The file is empty"),
    "too many pixels": ("png", r"3600000000 pixels; the limit is"),
    "unsupported format": ("jpg", r"not a picture of an accepted format"),
    "too large": ("png", r"MB; the limit is 1 MB"),
}
BAD_SIDECAR = r"JSON"


class PictureSupply:
    """A seeded supply: each call returns other content."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._originals = [path for product in load() for path in product.images]
        rng.shuffle(self._originals)
        self._count = 0

    def next(self, extension: str = "webp") -> bytes:
        """Returns the samples first, encoded anew, then crops of them in other colours."""
        original = self._originals[self._count % len(self._originals)]
        round_number = self._count // len(self._originals)
        self._count += 1
        image = open_flat(original)
        if round_number:
            image = vary(image, self._rng)
        return encode(image, FORMATS[extension], quality=self._rng.randint(70, 95))

    def bad(self, kind: str) -> bytes:
        broken: dict[str, Callable[[], bytes]] = {
            "truncated JPEG": lambda: self._cut(self.next("jpg")),
            "truncated PNG": lambda: self._cut(self.next("png")),
            "text": lambda: b"This is not a picture. " * self._rng.randint(1, 50),
            "empty": lambda: b"",
            "too many pixels": bomb,
            "unsupported format": lambda: encode(open_flat(self._originals[0]), "PPM"),
            "too large": lambda: self.next("png") + self._rng.randbytes(MAX_UPLOAD_MB * 1_100_000),
        }
        return broken[kind]()

    def _cut(self, data: bytes) -> bytes:
        return data[: int(len(data) * self._rng.uniform(0.3, 0.7))]


def open_flat(path: Path, *, side: int = SIDE) -> Image.Image:
    with Image.open(path) as image:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.convert("RGBA").getchannel("A"))
    flat.thumbnail((side, side))
    return flat


def vary(image: Image.Image, rng: random.Random) -> Image.Image:
    """Returns a part of the picture, turned, perhaps mirrored, in other colours."""
    width, height = image.size
    share = rng.uniform(0.6, 0.95)
    left, top = rng.uniform(0, 1 - share) * width, rng.uniform(0, 1 - share) * height
    image = image.crop(
        (round(left), round(top), round(left + share * width), round(top + share * height))
    )
    image = image.rotate(rng.uniform(-20, 20), Image.Resampling.BICUBIC, fillcolor="white")
    if rng.random() < 0.5:
        image = ImageOps.mirror(image)
    hue, saturation, value = image.convert("HSV").split()
    shift = rng.randrange(256)
    shifted = hue.point([(level + shift) % 256 for level in range(256)])
    return Image.merge("HSV", (shifted, saturation, value)).convert("RGB")


def encode(image: Image.Image, kind: str, **options: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def make_product_json(name: str, rng: random.Random) -> bytes:
    content = {
        "name": name,
        "description": f"Number {rng.randrange(10**9)}, in many words.",
        "metadata": {"category": rng.choice(["bag", "shoe", "toy"]), "price": rng.randrange(500)},
    }
    return json.dumps(content).encode()


def make_bad_json(rng: random.Random) -> bytes:
    return make_product_json("cut off", rng)[: rng.randint(5, 30)]
