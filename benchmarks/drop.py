"""Measures the time from a file copied into the images folder until a search finds it, and back.

It includes all of the development host: the folder is read every 0.2 s, and a file has to be
unchanged twice; then come the blob trigger, decode, embed, write, and the search that finds it.
"""

from __future__ import annotations

import functools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.harness.host import run_host
from benchmarks.harness.report import make_parser, publish
from model_export.markdown import render_table
from samples.catalogue import load


def main() -> None:
    parser = make_parser(__doc__ or "")
    parser.add_argument("--drops", type=int, default=15)
    options = parser.parse_args()
    pictures = [product.images[0].read_bytes() for product in load()[: options.drops]]
    with (
        tempfile.TemporaryDirectory() as folder,
        run_host(local_dir=Path(folder)) as client,
    ):
        images = Path(folder) / "storage" / "images"
        images.mkdir(parents=True, exist_ok=True)
        client.post("/api/v1/search", json={"query": "warm up"}).raise_for_status()
        drop_s, delete_s = [], []
        for number, picture in enumerate(pictures):
            path = images / f"p{number}.webp"
            path.write_bytes(picture)
            is_searchable = functools.partial(search_returns, client, path.stem, picture)
            drop_s.append(measure_seconds_until(is_searchable, True))
            path.unlink()
            delete_s.append(measure_seconds_until(is_searchable, False))
    rows = [
        render_row("dropped, until a search by its picture finds it", drop_s),
        render_row("deleted, until no search finds it", delete_s),
    ]
    publish(
        "From a dropped file to a search result",
        render_table(["what", "median s", "longest s"], rows),
        options.out,
    )


def render_row(name: str, seconds: list[float]) -> list[object]:
    return [name, f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"]


def measure_seconds_until(is_searchable: Callable[[], bool], expected: bool) -> float:
    started = time.perf_counter()
    while is_searchable() is not expected:
        time.sleep(0.01)
    return time.perf_counter() - started


def search_returns(client: httpx.Client, product_id: str, picture: bytes) -> bool:
    response = client.post("/api/v1/search-image", files={"file": ("query", picture)})
    return product_id in {result["id"] for result in response.raise_for_status().json()["results"]}


if __name__ == "__main__":
    main()
