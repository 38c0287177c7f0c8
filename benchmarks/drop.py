"""From a file copied into the images folder to an answer that holds it, and back.

Through the development host: its look at the folder (every 0.2 s, a file twice unchanged), the
blob trigger, decode, embed, write, and the search that finds it.
"""

from __future__ import annotations

import functools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.harness.host import devhost
from benchmarks.harness.report import arguments, publish, table
from samples.catalogue import load


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--drops", type=int, default=15)
    asked = parser.parse_args()
    pictures = [product.images[0].read_bytes() for product in load()[: asked.drops]]
    with (
        tempfile.TemporaryDirectory() as folder,
        devhost(local_dir=Path(folder)) as client,
    ):
        images = Path(folder) / "storage" / "images"
        images.mkdir(parents=True, exist_ok=True)
        client.post("/api/v1/search", json={"query": "warm up"}).raise_for_status()
        there, gone = [], []
        for number, picture in enumerate(pictures):
            path = images / f"p{number}.webp"
            path.write_bytes(picture)
            look = functools.partial(found, client, path.stem, picture)
            there.append(seconds_until(look, True))
            path.unlink()
            gone.append(seconds_until(look, False))
    rows = [row("dropped, then found by its picture", there), row("deleted, then gone", gone)]
    publish("The front door", table(["what", "median s", "longest s"], rows), asked.out)


def row(name: str, seconds: list[float]) -> list[object]:
    return [name, f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"]


def seconds_until(look: Callable[[], bool], wanted: bool) -> float:
    started = time.perf_counter()
    while look() is not wanted:
        time.sleep(0.01)
    return time.perf_counter() - started


def found(client: httpx.Client, product_id: str, picture: bytes) -> bool:
    answer = client.post("/api/v1/search-image", files={"file": ("query", picture)})
    return product_id in {result["id"] for result in answer.raise_for_status().json()["results"]}


if __name__ == "__main__":
    main()
