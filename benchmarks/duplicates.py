"""At which cosine two pictures are nearly the same: what ``core.duplicates`` is set by.

Copies of the sample pictures and of Debian's stamps (see relevance_data), re-encoded, made smaller,
cropped or brighter, against the picture of another product that comes closest to the original.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageEnhance

from benchmarks.harness.report import arguments, publish, table
from benchmarks.relevance_data import STAMPS, photographs
from samples.catalogue import load
from shared_code.app import App
from shared_code.indexing.duplicates import LEAST_COSINE
from shared_code.settings import Settings

if TYPE_CHECKING:
    from shared_code.domain.ports import Encoder
    from shared_code.domain.products import Vectors

Change = Callable[[Image.Image], Image.Image]


def _smaller(image: Image.Image) -> Image.Image:
    return image.resize((max(1, image.width // 2), max(1, image.height // 2)))


def _cropped(share: float) -> Change:
    def crop(image: Image.Image) -> Image.Image:
        x, y = share * image.width, share * image.height
        return image.crop((round(x), round(y), round(image.width - x), round(image.height - y)))

    return crop


CHANGES: dict[str, tuple[Change, int]] = {
    "JPEG of quality 90": (lambda image: image, 90),
    "JPEG of quality 50": (lambda image: image, 50),
    "half the size, JPEG 80": (_smaller, 80),
    "a tenth brighter, JPEG 80": (lambda image: ImageEnhance.Brightness(image).enhance(1.1), 80),
    "2 % cut off each side, JPEG 80": (_cropped(0.02), 80),
    "10 % cut off each side, JPEG 80": (_cropped(0.1), 80),
}


def main() -> None:
    asked = arguments(__doc__ or "").parse_args()
    encoder = App(Settings()).encoder
    parts = []
    for name, pictures in catalogues().items():
        originals = embedded(encoder, [saved(picture, 95) for picture in pictures])
        others = originals @ originals.T
        np.fill_diagonal(others, -1)
        rows = [row("another product's closest picture", others.max(axis=1))]
        for change, (make, quality) in CHANGES.items():
            copies = embedded(encoder, [saved(make(picture), quality) for picture in pictures])
            rows.append(row(change, (originals * copies).sum(axis=1)))
        header = [name, "lowest", "5 %", "median", "95 %", "highest", f"at least {LEAST_COSINE}"]
        parts.append(table(header, rows))
    body = f"Model: {encoder.model.name}.\n\n" + "\n\n".join(parts)
    publish("Near-duplicates", body, asked.out)


def catalogues() -> dict[str, list[Image.Image]]:
    samples = [flat(product.images[0].read_bytes()) for product in load()]
    found = {f"samples ({len(samples)} pictures)": samples}
    if STAMPS.is_dir():
        stamps = [flat(s.picture.read_bytes()) for s in photographs() if s.is_object]
        found[f"stamps ({len(stamps)} pictures)"] = stamps
    return found


def flat(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        rgba = image.convert("RGBA")
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white


def saved(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def embedded(encoder: Encoder, pictures: list[bytes]) -> Vectors:
    return encoder.encode_images([encoder.decode(picture) for picture in pictures])


def row(name: str, cosines: Vectors) -> list[str]:
    values = [f"{np.percentile(cosines, p):.3f}" for p in (0, 5, 50, 95, 100)]
    return [name, *values, f"{np.mean(cosines >= LEAST_COSINE):.3f}"]


if __name__ == "__main__":
    main()
