"""Measures at which cosine two pictures are near-duplicates; the app's threshold follows from it.

It compares sample pictures and Debian's stamps (see relevance_data) with copies that are
re-encoded, smaller, cropped or brighter, and with the most similar picture of another product.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageEnhance

from benchmarks.harness.report import make_parser, publish
from benchmarks.relevance_data import STAMPS, find_photographs
from model_export.markdown import render_table
from samples.catalogue import load
from shared_code.app import App
from shared_code.indexing.duplicates import LEAST_COSINE
from shared_code.settings import Settings

if TYPE_CHECKING:
    from shared_code.domain.ports import Encoder
    from shared_code.domain.products import Vectors

Change = Callable[[Image.Image], Image.Image]


def _halve_size(image: Image.Image) -> Image.Image:
    return image.resize((max(1, image.width // 2), max(1, image.height // 2)))


def _make_crop(share: float) -> Change:
    def crop(image: Image.Image) -> Image.Image:
        x, y = share * image.width, share * image.height
        return image.crop((round(x), round(y), round(image.width - x), round(image.height - y)))

    return crop


CHANGES: dict[str, tuple[Change, int]] = {
    "JPEG of quality 90": (lambda image: image, 90),
    "JPEG of quality 50": (lambda image: image, 50),
    "half the size, JPEG 80": (_halve_size, 80),
    "a tenth brighter, JPEG 80": (lambda image: ImageEnhance.Brightness(image).enhance(1.1), 80),
    "2 % cut off each side, JPEG 80": (_make_crop(0.02), 80),
    "10 % cut off each side, JPEG 80": (_make_crop(0.1), 80),
}


def main() -> None:
    options = make_parser(__doc__ or "").parse_args()
    encoder = App(Settings()).encoder
    parts = []
    for name, pictures in load_catalogues().items():
        originals = embed_pictures(encoder, [encode_jpeg(picture, 95) for picture in pictures])
        others = originals @ originals.T
        np.fill_diagonal(others, -1)
        rows = [render_row("another product's closest picture", others.max(axis=1))]
        for change, (make, quality) in CHANGES.items():
            copies = embed_pictures(
                encoder, [encode_jpeg(make(picture), quality) for picture in pictures]
            )
            rows.append(render_row(change, (originals * copies).sum(axis=1)))
        header = [name, "lowest", "5 %", "median", "95 %", "highest", f"at least {LEAST_COSINE}"]
        parts.append(render_table(header, rows))
    body = f"Model: {encoder.model.name}.\n\n" + "\n\n".join(parts)
    publish("Near-duplicates", body, options.out)


def load_catalogues() -> dict[str, list[Image.Image]]:
    samples = [flatten_on_white(product.images[0].read_bytes()) for product in load()]
    pictures_by_catalogue = {f"samples ({len(samples)} pictures)": samples}
    if STAMPS.is_dir():
        stamps = [
            flatten_on_white(s.picture.read_bytes()) for s in find_photographs() if s.is_object
        ]
        pictures_by_catalogue[f"stamps ({len(stamps)} pictures)"] = stamps
    return pictures_by_catalogue


def flatten_on_white(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        rgba = image.convert("RGBA")
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white


def encode_jpeg(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def embed_pictures(encoder: Encoder, pictures: list[bytes]) -> Vectors:
    return encoder.encode_images([encoder.decode(picture) for picture in pictures])


def render_row(name: str, cosines: Vectors) -> list[str]:
    values = [f"{np.percentile(cosines, p):.3f}" for p in (0, 5, 50, 95, 100)]
    return [name, *values, f"{np.mean(cosines >= LEAST_COSINE):.3f}"]


if __name__ == "__main__":
    main()
