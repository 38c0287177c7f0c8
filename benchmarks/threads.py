"""Runs that have all cores, one after another, against runs beside one another with a core each.

The app's own encoder. Two callers, each with batches of four, decoded on the way: what they get
done. One caller with one picture: how long it waits. The ways take turns; medians of the rounds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from benchmarks.ingest import BATCH, made_pictures
from benchmarks.report import arguments, publish, table
from shared_code.adapters.clip.bundle import load_bundle
from shared_code.adapters.clip.encoder import ClipEncoder, Running
from shared_code.settings import Settings

CALLERS = 2
SINGLES = 40


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--model", type=Path, default=Settings().model_dir, help="a bundle")
    parser.add_argument("--side", type=int, default=256, help="of the pictures, in pixels")
    parser.add_argument("--pictures", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    pictures = made_pictures(asked.pictures, asked.side)
    bundle = load_bundle(asked.model)
    ways = {
        "all cores, one at a time": ClipEncoder(bundle, max_pixels=10**8, running=Running(1)),
        "a core each, two at a time": ClipEncoder(bundle, max_pixels=10**8, threads=1),
    }
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for encoder in ways.values():
        encoder.encode_images([encoder.decode(pictures[0])])  # loads the model
    for _ in range(asked.rounds):
        for name, encoder in ways.items():
            found[name].append((*together(encoder, pictures), lone_ms(encoder, pictures)))
    header = ["", "two callers: pictures/s", "core, ms a picture", "one caller: ms a picture"]
    rows = [[name, *medians(each)] for name, each in found.items()]
    publish(f"Threads, {bundle.model.name}", table(header, rows), asked.out)


def together(encoder: ClipEncoder, pictures: Sequence[bytes]) -> tuple[float, float]:
    """Pictures a second, and milliseconds of a core for each."""

    def batch(start: int) -> None:
        encoder.encode_images([encoder.decode(p) for p in pictures[start : start + BATCH]])

    before, began = psutil.Process().cpu_times(), time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(batch, range(0, len(pictures), BATCH)))
    took, after = time.perf_counter() - began, psutil.Process().cpu_times()
    core_s = after.user + after.system - before.user - before.system
    return len(pictures) / took, 1000 * core_s / len(pictures)


def lone_ms(encoder: ClipEncoder, pictures: Sequence[bytes]) -> float:
    """Of the model alone: the picture was decoded before."""
    decoded = [encoder.decode(picture) for picture in pictures[:SINGLES]]
    return statistics.median(
        timed(lambda one=one: encoder.encode_images([one]))  # type: ignore[misc]
        for one in decoded
    )


def timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


def medians(rounds: Sequence[tuple[float, ...]]) -> list[str]:
    return [f"{statistics.median(column):.1f}" for column in zip(*rounds, strict=True)]


if __name__ == "__main__":
    main()
