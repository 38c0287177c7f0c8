"""What a request costs beyond the model and the index: parse, validate, shape, HTTP.

Through the real development host over loopback. The app's own stages come from
``Server-Timing``; the overhead is the client's wall time less decode, embed, search and store.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable

import httpx

from benchmarks.devhost_process import devhost
from benchmarks.report import arguments, percentile, publish, table
from samples.catalogue import load

WARM_UP = 20


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--requests", type=int, default=300)
    asked = parser.parse_args()
    with devhost() as client:
        index_samples(client)
        picture = load()[0].images[0].read_bytes()
        rows = [
            measured("search", asked.requests, lambda: search(client)),
            measured("search-image", asked.requests, lambda: search_image(client, picture)),
        ]
    header = [
        "request",
        "wall p50 ms",
        "p95",
        "stages p50 ms",
        "overhead p50 ms",
        "p95",
        "overhead / wall",
    ]
    publish("Request overhead", table(header, rows), asked.out)


def index_samples(client: httpx.Client) -> None:
    for product in load():
        files = [("image_file", (path.name, path.read_bytes())) for path in product.images]
        fields = {"product_id": product.product_id, "name": product.name}
        client.post("/api/v1/index-product-with-image", data=fields, files=files).raise_for_status()


def search(client: httpx.Client) -> httpx.Response:
    return client.post("/api/v1/search", json={"query": "red dress", "limit": 10})


def search_image(client: httpx.Client, picture: bytes) -> httpx.Response:
    return client.post("/api/v1/search-image", files={"file": ("query.webp", picture)})


def measured(name: str, count: int, send: Callable[[], httpx.Response]) -> list[object]:
    walls, stages = [], []
    for turn in range(WARM_UP + count):
        started = time.perf_counter()
        response = send()
        wall_ms = (time.perf_counter() - started) * 1000
        response.raise_for_status()
        if turn >= WARM_UP:
            walls.append(wall_ms)
            stages.append(stage_ms(response.headers["server-timing"]))
    over = [wall - stage for wall, stage in zip(walls, stages, strict=True)]
    ratio = statistics.median(over) / statistics.median(walls)
    figures = (
        statistics.median(walls),
        percentile(walls, 95),
        statistics.median(stages),
        statistics.median(over),
        percentile(over, 95),
    )
    return [name, *(f"{figure:.2f}" for figure in figures), f"{ratio:.2f}"]


def stage_ms(server_timing: str) -> float:
    return sum(float(value) for value in re.findall(r"dur=([\d.]+)", server_timing))


if __name__ == "__main__":
    main()
