"""How fast a bulk job indexes, against what the encoder alone could do, and how its time grows.

A folder of pictures lies in the container before the host starts, and the blob trigger is switched
off, so that the job alone indexes them: from ``POST index-batch`` until the job has ended. The
encoder's own throughput is for the same pictures in the same round, before and after: on as many
threads as there are cores, each of which decodes and embeds batches of four; and once more with the
words of each, which a job embeds as well. Folder store, embedded index, which
holds the catalogue in the process; so the memory of growing jobs is looked at once more against a
server that speaks Qdrant's protocol and keeps nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.harness.report import arguments, publish, table
from benchmarks.ingest import batches_per_s, made_pictures, picture_arguments
from devhost import HostProcess
from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.domain.naming import readable_name
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.twins.qdrant_server import running_qdrant_server

TARGET = 0.85
NEARLY = 0.97
"""Of a job's items."""


def main() -> None:
    parser = arguments(__doc__ or "")
    picture_arguments(parser, pictures=2_000, rounds=3)
    parser.add_argument("--growth", type=int, nargs="*", default=[500, 1_000, 2_500, 5_000])
    asked = parser.parse_args()
    load_before = os.getloadavg()[0]
    most = max([asked.pictures, *asked.growth])
    pictures = made_pictures(most, asked.side)
    encoder = open_encoder(Settings(model_dir=asked.model))
    encoder.encode_texts(["loads the model"])
    batches_per_s(encoder, pictures[:40])
    rounds = [Round(encoder, pictures[: asked.pictures], asked.model) for _ in range(asked.rounds)]
    growth = [indexed(pictures[:count], asked.model) for count in asked.growth]
    with running_qdrant_server() as qdrant:
        served = [
            indexed(pictures[:count], asked.model, QDRANT_URL=qdrant.url) for count in asked.growth
        ]
    model = f"Model: {encoder.model.name}. The machine's load before was {load_before:.1f}."
    parts = [_rates(rounds, asked), _grown(growth, served), model]
    publish("Bulk jobs", "\n\n".join(part for part in parts if part), asked.out)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A job over so many pictures."""

    pictures: int
    seconds: float
    again_seconds: float
    """Of the same job once more, with nothing to do."""
    memory_mb: float
    """Resident, of the host, at most."""

    @property
    def per_s(self) -> float:
        return self.pictures / self.seconds


class Round:
    def __init__(self, encoder: ClipEncoder, pictures: Sequence[bytes], model: Path) -> None:
        before = batches_per_s(encoder, pictures)
        self.job = indexed(pictures, model)
        self.alone_per_s = (before + batches_per_s(encoder, pictures)) / 2
        names = [readable_name(_name(at)) for at in range(len(pictures))]
        began = time.perf_counter()
        encoder.encode_texts(names)
        words_s = time.perf_counter() - began
        self.with_words_per_s = len(pictures) / (len(pictures) / self.alone_per_s + words_s)


def indexed(pictures: Sequence[bytes], model: Path, **settings: str) -> Indexed:
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "storage" / "images"
        images.mkdir(parents=True)
        for at, picture in enumerate(pictures):
            (images / _name(at)).write_bytes(picture)
        host = HostProcess(
            Path(folder),
            MODEL_DIR=str(model.resolve()),
            AzureWebJobs__blob_changed__Disabled="true",
            **settings,
        )
        try:
            with httpx.Client(base_url=host.url, timeout=60) as client:
                client.post("/api/v1/embed", json={"text": "loads the model"}).raise_for_status()
                process = psutil.Process(host.process.pid)
                seconds, memory_mb = _job(client, process)
                again_s, _ = (0.0, 0.0) if settings else _job(client, process)
        finally:
            host.stop()
    return Indexed(len(pictures), seconds, again_s, memory_mb)


def _job(client: httpx.Client, process: psutil.Process) -> tuple[float, float]:
    """Seconds, and memory in MB. Looked at often only when it is about to end: a look takes its
    time of the cores (and the job's own clock shows whole seconds)."""
    began = time.perf_counter()
    job: dict[str, Any] = client.post("/api/v1/index-batch", json={"prefix": ""}).json()
    most = 0.0
    while not job["ended"]:
        is_near = job["total"] is not None and job["done"] >= job["total"] * NEARLY
        time.sleep(0.02 if is_near else 0.5)
        most = max(most, process.memory_info().rss / 1e6)
        job = client.get(job["url"]).raise_for_status().json()
    if job["state"] != "completed" or job["failed"]:
        raise RuntimeError(f"the job did not do its work: {job}")
    return time.perf_counter() - began, most


def _name(at: int) -> str:
    return f"product-{at:05}.jpg"


def _rates(rounds: Sequence[Round], asked: argparse.Namespace) -> str:
    if not rounds:
        return ""

    def row(what: str, values: list[float], digits: int) -> list[str]:
        middle, low, high = (
            f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values))
        )
        return [what, f"{middle} ({low} to {high})"]

    rows = [
        row("the encoder alone, pictures/s", [r.alone_per_s for r in rounds], 1),
        row("the encoder alone, pictures and words", [r.with_words_per_s for r in rounds], 1),
        row("the job, pictures/s", [r.job.per_s for r in rounds], 1),
        row(
            f"job / encoder (target: at least {TARGET})",
            [r.job.per_s / r.alone_per_s for r in rounds],
            2,
        ),
        row("job / encoder with words", [r.job.per_s / r.with_words_per_s for r in rounds], 2),
    ]
    what = f"{asked.pictures} JPEGs of up to {asked.side} pixels a side, {asked.rounds} rounds"
    return table([f"{what}: the median of the rounds, and their range", ""], rows)


def _grown(found: Sequence[Indexed], served: Sequence[Indexed]) -> str:
    if not found:
        return ""
    header = ["pictures", "seconds", "ms a picture", "again, all current: s", "memory at most, MB"]
    header.append("with a server, MB")
    rows = [
        [
            f"{each.pictures:,}",
            f"{each.seconds:.1f}",
            f"{1000 / each.per_s:.1f}",
            f"{each.again_seconds:.1f}",
            f"{each.memory_mb:.0f}",
            f"{other.memory_mb:.0f}",
        ]
        for each, other in zip(found, served, strict=True)
    ]
    return table(header, rows)


if __name__ == "__main__":
    main()
