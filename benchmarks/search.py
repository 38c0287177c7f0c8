"""Measures the time of a search by stage, and how many searches a second 50 clients get.

Searches go over HTTP to the development host, with the sample catalogue; all queries are different,
so none is cached. The stages come from ``Server-Timing``; the overhead is the client's wall time
less decode, embed and search: parsing, validation, fusion, JSON and HTTP. The clients run on the
same cores as the host and slow it down.

``--model`` chooses another bundle, ``--seconds`` a longer run of the 50 clients.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import httpx
import psutil

from benchmarks.harness.host import run_host
from benchmarks.harness.report import compute_percentile, make_parser, publish
from model_export.markdown import render_table
from samples.catalogue import load
from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.chaos.pictures import encode, open_flat

CLIENTS = 50
WARM_UP = 20
BOUNDARY = "b-o-u-n-d-a-r-y"
STAGES = ("decode", "embed", "search")
OVERHEAD_TARGET_MS = 3
CROWD_TARGET = 0.9
HEADERS = {"content-type": "application/json"}
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


@dataclass(frozen=True, slots=True)
class HttpSearch:
    path: str
    body: bytes
    headers: dict[str, str]


def main() -> None:
    parser = make_parser(__doc__ or "")
    parser.add_argument("--model", type=Path, default=Settings().model_dir, help="a bundle")
    parser.add_argument(
        "--searches", type=int, default=300, help="number of searches of each kind, one by one"
    )
    parser.add_argument(
        "--seconds", type=float, default=60, help="how long the clients search, for each kind"
    )
    options = parser.parse_args()
    photos = [encode(open_flat(p.images[0], side=400), "JPEG", quality=85) for p in load()]
    kinds: dict[str, Callable[[], Iterator[HttpSearch]]] = {
        "text": generate_text_searches,
        "picture": lambda: generate_picture_searches(photos),
    }
    encoder = open_encoder(Settings(model_dir=options.model))
    with run_host(MODEL_DIR=str(options.model.resolve())) as client:
        index_samples(client)
        alone = [
            measure_stages(name, make(), client, options.searches) for name, make in kinds.items()
        ]
        crowds = [
            measure_crowd(name, make(), client, options.seconds) for name, make in kinds.items()
        ]
    rates = {
        "text": measure_texts_per_s(encoder),
        "picture": measure_pictures_per_s(encoder, photos),
    }
    publish(
        f"Searching, {encoder.model.name}",
        render_report(alone, crowds, rates, options),
        options.out,
    )


def generate_text_searches() -> Iterator[HttpSearch]:
    names = [product.name for product in load()]
    number = 0
    while True:
        number += 1
        query = f"{names[number % len(names)]} number {number}"
        yield HttpSearch("/api/v1/search", json.dumps({"query": query}).encode(), HEADERS)


def generate_picture_searches(photos: Sequence[bytes]) -> Iterator[HttpSearch]:
    number = 0
    while True:
        number += 1
        # bytes after the end of a JPEG change its digest and nothing else
        picture = photos[number % len(photos)] + str(number).encode()
        head = 'Content-Disposition: form-data; name="file"; filename="q.jpg"\r\n\r\n'
        parts = [f"--{BOUNDARY}\r\n{head}".encode(), picture, f"\r\n--{BOUNDARY}--\r\n".encode()]
        yield HttpSearch("/api/v1/search-image", b"".join(parts), FORM)


def index_samples(client: httpx.Client) -> None:
    for product in load():
        files = [("image_file", (path.name, path.read_bytes())) for path in product.images]
        fields = {"product_id": product.product_id, "name": product.name}
        client.post("/api/v1/index-product-with-image", data=fields, files=files).raise_for_status()


def send(connection: HTTPConnection, search: HttpSearch) -> tuple[int, str]:
    """Sends a search; returns the status and the Server-Timing header."""
    connection.request("POST", search.path, search.body, search.headers)
    response = connection.getresponse()
    response.read()
    return response.status, response.headers.get("server-timing", "")


def measure_stages(
    name: str, searches: Iterator[HttpSearch], client: httpx.Client, count: int
) -> list[str]:
    connection = HTTPConnection(client.base_url.host, client.base_url.port)
    walls: list[float] = []
    parts: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for turn in range(WARM_UP + count):
        search = next(searches)
        started = time.perf_counter()
        status, timing = send(connection, search)
        wall_ms = (time.perf_counter() - started) * 1000
        if status != HTTPStatus.OK:
            raise RuntimeError(f"a search by {name} failed with status {status}")
        if turn >= WARM_UP:
            walls.append(wall_ms)
            stage_ms = {key: float(ms) for key, ms in re.findall(r"(\w+);dur=([\d.]+)", timing)}
            for stage in STAGES:
                parts[stage].append(stage_ms.get(stage, 0.0))
    stages_of_each = zip(*parts.values(), strict=True)
    overheads = [
        wall - sum(stage_times) for wall, stage_times in zip(walls, stages_of_each, strict=True)
    ]
    cells = [walls, *parts.values(), overheads]
    return [
        name,
        *(f"{statistics.median(ms):.2f} / {compute_percentile(ms, 95):.2f}" for ms in cells),
    ]


@dataclass(slots=True)
class Crowd:
    name: str
    answers: int = 0
    errors: dict[int, int] = field(default_factory=dict)
    wall_ms: list[float] = field(default_factory=list)
    per_s: float = 0.0
    grown_mb: float = 0.0


def measure_crowd(
    name: str, searches: Iterator[HttpSearch], client: httpx.Client, seconds: float
) -> Crowd:
    """Runs CLIENTS at once, each of which sends the next search as soon as it has a response."""
    crowd_result, lock = Crowd(name), threading.Lock()
    host, port = client.base_url.host, client.base_url.port
    [process] = [p for p in psutil.Process().children() if "devhost" in " ".join(p.cmdline())]
    halfway = 0
    ends = time.perf_counter() + seconds

    def search_until_the_end() -> None:
        connection = HTTPConnection(host, port, timeout=60)
        while time.perf_counter() < ends:
            with lock:
                search = next(searches)
            started = time.perf_counter()
            status, _ = send(connection, search)
            with lock:
                crowd_result.answers += status == HTTPStatus.OK
                crowd_result.wall_ms.append((time.perf_counter() - started) * 1000)
                if status != HTTPStatus.OK:
                    crowd_result.errors[status] = crowd_result.errors.get(status, 0) + 1

    threads = [threading.Thread(target=search_until_the_end) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 2)
    halfway = process.memory_info().rss
    for thread in threads:
        thread.join()
    crowd_result.per_s = crowd_result.answers / seconds
    crowd_result.grown_mb = (process.memory_info().rss - halfway) / 1e6
    return crowd_result


def measure_texts_per_s(encoder: ClipEncoder) -> float:
    return measure_per_s(lambda n: encoder.encode_texts([f"Red summer dress number {n}"]))


def measure_pictures_per_s(encoder: ClipEncoder, photos: Sequence[bytes]) -> float:
    return measure_per_s(lambda n: encoder.encode_images([encoder.decode(photos[n % len(photos)])]))


def measure_per_s(
    encode: Callable[[int], object], *, seconds: float = 10.0, threads: int = 4
) -> float:
    """Encodes on several threads, with nothing else to do; returns how many a second."""
    counts = [0] * threads
    encode(0)
    ends = time.perf_counter() + seconds

    def work(thread: int) -> None:
        while time.perf_counter() < ends:
            encode(counts[thread])
            counts[thread] += 1

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    return sum(counts) / seconds


def render_report(
    alone: Sequence[Sequence[str]],
    crowds: Sequence[Crowd],
    rates: dict[str, float],
    options: argparse.Namespace,
) -> str:
    header = ["search by", "wall", *STAGES, f"overhead (target: {OVERHEAD_TARGET_MS})"]
    title = "One after the other, milliseconds, p50 / p95:"
    rows = [
        [
            c.name,
            f"{c.per_s:.1f}",
            f"{rates[c.name]:.1f}",
            f"{c.per_s / rates[c.name]:.2f}",
            f"{statistics.median(c.wall_ms):.0f} / {compute_percentile(c.wall_ms, 95):.0f}",
            ", ".join(f"{n} of status {s}" for s, n in c.errors.items()) or "none",
            f"{c.grown_mb:.1f}",
        ]
        for c in crowds
    ]
    crowd_header = [
        "search by",
        "answered/s",
        "the encoder alone/s",
        f"ratio (target: {CROWD_TARGET})",
        "ms, p50 / p95",
        "errors",
        "grown in the second half, MB",
    ]
    crowd_title = f"{CLIENTS} clients for {options.seconds:.0f} s:"
    return "\n\n".join(
        [title, render_table(header, alone), crowd_title, render_table(crowd_header, rows)]
    )


if __name__ == "__main__":
    main()
