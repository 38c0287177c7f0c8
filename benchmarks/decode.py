"""Compares the plain way from a 12-megapixel JPEG to the image tower's input with ours.

It does so for each resize rule of a bundle. The plain ways decode every pixel and resize with the
manifest's filter: after padding (the definition of ``pad``), before padding, which is cheaper, and
for ``crop`` and ``squash`` as the image processors of transformers do. The picture is made in code
and compresses like a photograph. The runs take turns, so that a busy moment affects all.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from benchmarks.harness.report import make_parser, publish
from model_export.markdown import render_table
from shared_code.adapters.clip.bundle import ImageSpec, load_bundle
from shared_code.adapters.clip.preprocess import Preprocess
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.golden.pictures import photo

if TYPE_CHECKING:
    from numpy.typing import NDArray

Way = Callable[[bytes], "NDArray[np.float32]"]
SpecWay = Callable[[bytes, ImageSpec], "NDArray[np.float32]"]
Rule = Literal["pad", "crop", "squash"]

WHITE = (255, 255, 255)


def main() -> None:
    parser = make_parser(__doc__ or "")
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    settings = Settings()
    encoder = open_encoder(settings)
    bundled = load_bundle(settings.model_dir).manifest.image
    rows = []
    for rule, plain in PLAIN.items():
        spec = replace(bundled, resize=rule, pad_color=bundled.pad_color or WHITE)
        ways: dict[str, Way] = {name: bind_spec(way, spec) for name, way in plain.items()}
        ways["ours"] = Preprocess(spec, max_pixels=settings.max_image_pixels)
        for name, size in {"12 megapixels": (4000, 3000), "2 megapixels": (1600, 1200)}.items():
            data = photo(*size, kind="JPEG")
            picture = f"{name}, {len(data) / 1e6:.1f} MB"
            vectors = encoder.encode_images([way(data) for way in ways.values()])
            medians = time_ways(ways, data, options.runs)
            first, *_ = medians.values()
            for (way, median), cosine in zip(medians.items(), vectors @ vectors[0], strict=True):
                ratio = f"{median / first:.2f}"
                rows.append([rule, picture, way, f"{median:.1f}", ratio, f"{cosine:.4f}"])
    header = ["rule", "JPEG", "way", "ms (median)", "ratio", "cosine of the embeddings"]
    publish("Decoding a photograph", render_table(header, rows), options.out)


def bind_spec(way: SpecWay, spec: ImageSpec) -> Way:
    return lambda data: way(data, spec)


def time_ways(ways: dict[str, Way], data: bytes, runs: int) -> dict[str, float]:
    """Returns the median milliseconds of each way."""
    durations: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            started = time.perf_counter()
            way(data)
            durations[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(values) for name, values in durations.items()}


def pad_then_resize(data: bytes, spec: ImageSpec) -> NDArray[np.float32]:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    side = max(image.size)
    canvas = Image.new("RGB", (side, side), spec.pad_color)
    canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    height, width = spec.size
    return normalise(canvas.resize((width, height), choose_resampling(spec)), spec)


def resize_then_pad(data: bytes, spec: ImageSpec) -> NDArray[np.float32]:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    height, width = spec.size
    ratio = max(image.width / width, image.height / height)
    small = image.resize(
        (round(image.width / ratio), round(image.height / ratio)), choose_resampling(spec)
    )
    canvas = Image.new("RGB", (width, height), spec.pad_color)
    canvas.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    return normalise(canvas, spec)


def resize_then_crop(data: bytes, spec: ImageSpec) -> NDArray[np.float32]:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    side, _ = spec.size  # of a square
    short = min(image.size)
    large = image.resize(
        (side * image.width // short, side * image.height // short), choose_resampling(spec)
    )
    x, y = (large.width - side) // 2, (large.height - side) // 2
    return normalise(large.crop((x, y, x + side, y + side)), spec)


def squash(data: bytes, spec: ImageSpec) -> NDArray[np.float32]:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    height, width = spec.size
    return normalise(image.resize((width, height), choose_resampling(spec)), spec)


def choose_resampling(spec: ImageSpec) -> Image.Resampling:
    return Image.Resampling[spec.interpolation.upper()]


def normalise(image: Image.Image, spec: ImageSpec) -> NDArray[np.float32]:
    pixels = np.asarray(image, np.float32) / 255
    scaled = (pixels - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    planes: NDArray[np.float32] = scaled.transpose(2, 0, 1).astype(np.float32)
    return planes


PLAIN: dict[Rule, dict[str, SpecWay]] = {
    "pad": {
        "full decode, pad, resize": pad_then_resize,
        "full decode, resize, pad": resize_then_pad,
    },
    "crop": {"full decode, resize, crop": resize_then_crop},
    "squash": {"full decode, resize": squash},
}


if __name__ == "__main__":
    main()
