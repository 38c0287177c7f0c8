"""Compares encoder runs on all cores, one at a time, with parallel runs on one core each.

Two cases: the throughput of as many callers as cores, with batches of four, decoding included; and
the waiting time of one caller with one picture. The encoders take turns; figures are the medians of
the rounds.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import psutil

from benchmarks.harness.host import measure_core_s
from benchmarks.harness.report import make_parser, publish
from benchmarks.ingest import (
    add_picture_arguments,
    make_pictures,
    measure_batches_per_s,
    measure_seconds,
)
from model_export.markdown import render_table
from shared_code.adapters.clip.bundle import load_bundle
from shared_code.adapters.clip.encoder import ClipEncoder, EncoderOptions

SINGLES = 40


def main() -> None:
    parser = make_parser(__doc__ or "")
    add_picture_arguments(parser, pictures=320, rounds=5)
    options = parser.parse_args()
    pictures = make_pictures(options.pictures, options.side)
    bundle = load_bundle(options.model)
    encoders = {
        "all cores, one at a time": ClipEncoder(
            bundle, max_pixels=10**8, options=EncoderOptions(1)
        ),
        "a core each, two at a time": ClipEncoder(bundle, max_pixels=10**8, threads=1),
    }
    measurements: dict[str, list[tuple[float, float, float]]] = {name: [] for name in encoders}
    for encoder in encoders.values():
        encoder.encode_images([encoder.decode(pictures[0])])  # loads the model
    for _ in range(options.rounds):
        for name, encoder in encoders.items():
            measurements[name].append(
                (*measure_together(encoder, pictures), measure_lone_ms(encoder, pictures))
            )
    header = [
        "",
        "a caller for each core: pictures/s",
        "core, ms a picture",
        "one caller: ms a picture",
    ]
    rows = [[name, *render_medians(rounds)] for name, rounds in measurements.items()]
    publish(f"Threads, {bundle.model.name}", render_table(header, rows), options.out)


def measure_together(encoder: ClipEncoder, pictures: Sequence[bytes]) -> tuple[float, float]:
    """Returns pictures a second, and the milliseconds of a core for each."""
    rates: list[float] = []
    took = measure_core_s(
        psutil.Process(), lambda: rates.append(measure_batches_per_s(encoder, pictures))
    )
    return rates[0], 1000 * took / len(pictures)


def measure_lone_ms(encoder: ClipEncoder, pictures: Sequence[bytes]) -> float:
    """Returns the milliseconds of the model alone, with the picture decoded before."""
    decoded = [encoder.decode(picture) for picture in pictures[:SINGLES]]
    return 1000 * statistics.median(
        measure_seconds(lambda pixels=pixels: encoder.encode_images([pixels]))  # type: ignore[misc]
        for pixels in decoded
    )


def render_medians(rounds: Sequence[tuple[float, ...]]) -> list[str]:
    return [f"{statistics.median(column):.1f}" for column in zip(*rounds, strict=True)]


if __name__ == "__main__":
    main()
