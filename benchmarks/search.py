"""What a search costs, stage by stage, and how many of them 50 clients get.

Through the real development host over loopback, on the sample catalogue; queries are all
different, so nothing is remembered. The app's own stages come from ``Server-Timing``; the
overhead is the client's wall time less decode, embed and search: parse, validate, fuse, JSON,
HTTP. The clients run on the same cores as the host, which their own work slows.

``--model`` and ``--seconds`` choose another bundle and a longer crowd.
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

from benchmarks.harness.host import devhost
from benchmarks.harness.report import arguments, percentile, publish, table
from samples.catalogue import load
from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.chaos.pictures import opened, saved

CLIENTS = 50
WARM_UP = 20
BOUNDARY = "b-o-u-n-d-a-r-y"
STAGES = ("decode", "embed", "search")
OVERHEAD_TARGET_MS = 3
CROWD_TARGET = 0.9
HEADERS = {"content-type": "application/json"}
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


@dataclass(frozen=True, slots=True)
class Search:
    path: str
    body: bytes
    headers: dict[str, str]


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--model", type=Path, default=Settings().model_dir, help="a bundle")
    parser.add_argument("--searches", type=int, default=300, help="of each kind, one by one")
    parser.add_argument("--seconds", type=float, default=60, help="of the crowd, of each kind")
    asked = parser.parse_args()
    photos = [saved(opened(p.images[0], side=400), "JPEG", quality=85) for p in load()]
    kinds: dict[str, Callable[[], Iterator[Search]]] = {
        "text": by_words,
        "picture": lambda: by_picture(photos),
    }
    encoder = open_encoder(Settings(model_dir=asked.model))
    with devhost(MODEL_DIR=str(asked.model.resolve())) as client:
        index_samples(client)
        alone = [stages(name, make(), client, asked.searches) for name, make in kinds.items()]
        crowds = [crowd(name, make(), client, asked.seconds) for name, make in kinds.items()]
    rates = {"text": texts_per_s(encoder), "picture": pictures_per_s(encoder, photos)}
    publish(f"Searching, {encoder.model.name}", report(alone, crowds, rates, asked), asked.out)


def by_words() -> Iterator[Search]:
    names = [product.name for product in load()]
    number = 0
    while True:
        number += 1
        query = f"{names[number % len(names)]} number {number}"
        yield Search("/api/v1/search", json.dumps({"query": query}).encode(), HEADERS)


def by_picture(photos: Sequence[bytes]) -> Iterator[Search]:
    number = 0
    while True:
        number += 1
        # bytes after the end of a JPEG change its digest and nothing else
        picture = photos[number % len(photos)] + str(number).encode()
        head = 'Content-Disposition: form-data; name="file"; filename="q.jpg"\r\n\r\n'
        parts = [f"--{BOUNDARY}\r\n{head}".encode(), picture, f"\r\n--{BOUNDARY}--\r\n".encode()]
        yield Search("/api/v1/search-image", b"".join(parts), FORM)


def index_samples(client: httpx.Client) -> None:
    for product in load():
        files = [("image_file", (path.name, path.read_bytes())) for path in product.images]
        fields = {"product_id": product.product_id, "name": product.name}
        client.post("/api/v1/index-product-with-image", data=fields, files=files).raise_for_status()


def asked_for(connection: HTTPConnection, search: Search) -> tuple[int, str]:
    """Status and Server-Timing."""
    connection.request("POST", search.path, search.body, search.headers)
    response = connection.getresponse()
    response.read()
    return response.status, response.headers.get("server-timing", "")


def stages(name: str, searches: Iterator[Search], client: httpx.Client, count: int) -> list[str]:
    connection = HTTPConnection(client.base_url.host, client.base_url.port)
    walls: list[float] = []
    parts: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for turn in range(WARM_UP + count):
        search = next(searches)
        started = time.perf_counter()
        status, timing = asked_for(connection, search)
        wall_ms = (time.perf_counter() - started) * 1000
        if status != HTTPStatus.OK:
            raise RuntimeError(f"a search by {name} was answered with {status}")
        if turn >= WARM_UP:
            walls.append(wall_ms)
            said = {key: float(ms) for key, ms in re.findall(r"(\w+);dur=([\d.]+)", timing)}
            for stage in STAGES:
                parts[stage].append(said.get(stage, 0.0))
    of_each = zip(*parts.values(), strict=True)
    over = [wall - sum(of_one) for wall, of_one in zip(walls, of_each, strict=True)]
    cells = [walls, *parts.values(), over]
    return [name, *(f"{statistics.median(ms):.2f} / {percentile(ms, 95):.2f}" for ms in cells)]


@dataclass(slots=True)
class Crowd:
    name: str
    answers: int = 0
    errors: dict[int, int] = field(default_factory=dict)
    wall_ms: list[float] = field(default_factory=list)
    per_s: float = 0.0
    grown_mb: float = 0.0


def crowd(name: str, searches: Iterator[Search], client: httpx.Client, seconds: float) -> Crowd:
    """CLIENTS at once, each asking again as soon as it is answered."""
    found, lock = Crowd(name), threading.Lock()
    host, port = client.base_url.host, client.base_url.port
    [process] = [p for p in psutil.Process().children() if "devhost" in " ".join(p.cmdline())]
    halfway = 0
    ends = time.perf_counter() + seconds

    def ask_again_and_again() -> None:
        connection = HTTPConnection(host, port, timeout=60)
        while time.perf_counter() < ends:
            with lock:
                search = next(searches)
            started = time.perf_counter()
            status, _ = asked_for(connection, search)
            with lock:
                found.answers += status == HTTPStatus.OK
                found.wall_ms.append((time.perf_counter() - started) * 1000)
                if status != HTTPStatus.OK:
                    found.errors[status] = found.errors.get(status, 0) + 1

    threads = [threading.Thread(target=ask_again_and_again) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 2)
    halfway = process.memory_info().rss
    for thread in threads:
        thread.join()
    found.per_s = found.answers / seconds
    found.grown_mb = (process.memory_info().rss - halfway) / 1e6
    return found


def texts_per_s(encoder: ClipEncoder) -> float:
    return per_s(lambda n: encoder.encode_texts([f"Red summer dress number {n}"]))


def pictures_per_s(encoder: ClipEncoder, photos: Sequence[bytes]) -> float:
    return per_s(lambda n: encoder.encode_images([encoder.decode(photos[n % len(photos)])]))


def per_s(encode: Callable[[int], object], *, seconds: float = 10.0, threads: int = 4) -> float:
    """On as many threads as serve it best; none of them waits for anything else."""
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


def report(
    alone: Sequence[Sequence[str]],
    crowds: Sequence[Crowd],
    rates: dict[str, float],
    asked: argparse.Namespace,
) -> str:
    header = ["search by", "wall", *STAGES, f"overhead (target: {OVERHEAD_TARGET_MS})"]
    said = "One after the other, milliseconds, p50 / p95:"
    rows = [
        [
            c.name,
            f"{c.per_s:.1f}",
            f"{rates[c.name]:.1f}",
            f"{c.per_s / rates[c.name]:.2f}",
            f"{statistics.median(c.wall_ms):.0f} / {percentile(c.wall_ms, 95):.0f}",
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
    crowd_said = f"{CLIENTS} clients for {asked.seconds:.0f} s:"
    return "\n\n".join([said, table(header, alone), crowd_said, table(crowd_header, rows)])


if __name__ == "__main__":
    main()
