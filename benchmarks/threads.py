"""Runs that have all cores, one after another, against runs beside one another with a core each.

The app's own encoder. As many callers as cores, with batches of four, decoded on the way: what
they get done. One caller with one picture: how long it waits. The ways take turns; medians of the
rounds.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import psutil

from benchmarks.harness.host import core_s
from benchmarks.harness.report import arguments, publish, table
from benchmarks.ingest import batches_per_s, made_pictures, picture_arguments, seconds
from shared_code.adapters.clip.bundle import load_bundle
from shared_code.adapters.clip.encoder import ClipEncoder, EncoderOptions

SINGLES = 40


def main() -> None:
    parser = arguments(__doc__ or "")
    picture_arguments(parser, pictures=320, rounds=5)
    asked = parser.parse_args()
    pictures = made_pictures(asked.pictures, asked.side)
    bundle = load_bundle(asked.model)
    ways = {
        "all cores, one at a time": ClipEncoder(
            bundle, max_pixels=10**8, options=EncoderOptions(1)
        ),
        "a core each, two at a time": ClipEncoder(bundle, max_pixels=10**8, threads=1),
    }
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for encoder in ways.values():
        encoder.encode_images([encoder.decode(pictures[0])])  # loads the model
    for _ in range(asked.rounds):
        for name, encoder in ways.items():
            found[name].append((*together(encoder, pictures), lone_ms(encoder, pictures)))
    header = [
        "",
        "a caller for each core: pictures/s",
        "core, ms a picture",
        "one caller: ms a picture",
    ]
    rows = [[name, *medians(each)] for name, each in found.items()]
    publish(f"Threads, {bundle.model.name}", table(header, rows), asked.out)


def together(encoder: ClipEncoder, pictures: Sequence[bytes]) -> tuple[float, float]:
    """Pictures a second, and milliseconds of a core for each."""
    rates: list[float] = []
    took = core_s(psutil.Process(), lambda: rates.append(batches_per_s(encoder, pictures)))
    return rates[0], 1000 * took / len(pictures)


def lone_ms(encoder: ClipEncoder, pictures: Sequence[bytes]) -> float:
    """Of the model alone: the picture was decoded before."""
    decoded = [encoder.decode(picture) for picture in pictures[:SINGLES]]
    return 1000 * statistics.median(
        seconds(lambda one=one: encoder.encode_images([one]))  # type: ignore[misc]
        for one in decoded
    )


def medians(rounds: Sequence[tuple[float, ...]]) -> list[str]:
    return [f"{statistics.median(column):.1f}" for column in zip(*rounds, strict=True)]


if __name__ == "__main__":
    main()
