"""What a request costs beyond the model and the index: parse, validate, shape, HTTP.

Through the real development host over loopback. The app's own stages come from
``Server-Timing``; the overhead is the client's wall time less decode, embed, search and store.
"""

from __future__ import annotations

import re
import statistics
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

import httpx

from benchmarks.report import arguments, percentile, publish, table
from benchmarks.running import devhost
from samples.catalogue import load

WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    body: bytes
    headers: dict[str, str]


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--requests", type=int, default=300)
    asked = parser.parse_args()
    with devhost() as client:
        index_samples(client)
        picture = load()[0].images[0].read_bytes()
        words = built(client, "/api/v1/search", json={"query": "red dress", "limit": 10})
        photo = built(client, "/api/v1/search-image", files={"file": ("query.webp", picture)})
        connection = HTTPConnection(client.base_url.host, client.base_url.port)
        rows = [
            measured("search", asked.requests, connection, words),
            measured("search-image", asked.requests, connection, photo),
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


def built(client: httpx.Client, path: str, **content: Any) -> Request:
    """The request as bytes, made once: a client's own work is not what is measured."""
    request = client.build_request("POST", path, **content)
    return Request(request.url.path, request.read(), dict(request.headers))


def measured(name: str, count: int, connection: HTTPConnection, request: Request) -> list[object]:
    walls, stages = [], []
    for turn in range(WARM_UP + count):
        started = time.perf_counter()
        connection.request("POST", request.path, request.body, request.headers)
        response = connection.getresponse()
        response.read()
        wall_ms = (time.perf_counter() - started) * 1000
        if response.status != HTTPStatus.OK:
            raise RuntimeError(f"{name} was answered with {response.status}")
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
    named = re.findall(r"(\w+);dur=([\d.]+)", server_timing)
    return sum(float(value) for name, value in named if name != "total")


if __name__ == "__main__":
    main()
