"""Measures how fast a bulk job indexes, compared with the encoder alone, and how its time grows.

The pictures lie in the container before the host starts, and the blob trigger is switched off, so
that only the job indexes them: from ``POST index-batch`` until the job has ended. The encoder's
throughput is measured on the same pictures before and after each job: one thread per core, each of
which decodes and embeds batches of four; and once more with the names, which a job embeds as well.
Store and index are a folder and the embedded index. That index holds the catalogue in the process,
so memory is measured once more with a stand-in for a Qdrant server that stores nothing.
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

from benchmarks.harness.report import make_parser, publish
from benchmarks.ingest import add_picture_arguments, make_pictures, measure_batches_per_s
from devhost import HostProcess
from model_export.markdown import render_table
from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.domain.naming import derive_name
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.twins.qdrant_server import running_qdrant_server

TARGET = 0.85
NEAR_THE_END = 0.97
"""The share of a job's items from which on it is polled often."""


def main() -> None:
    parser = make_parser(__doc__ or "")
    add_picture_arguments(parser, pictures=2_000, rounds=3)
    parser.add_argument("--growth", type=int, nargs="*", default=[500, 1_000, 2_500, 5_000])
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    most = max([options.pictures, *options.growth])
    pictures = make_pictures(most, options.side)
    encoder = open_encoder(Settings(model_dir=options.model))
    encoder.encode_texts(["loads the model"])
    measure_batches_per_s(encoder, pictures[:40])
    rounds = [
        BulkRound(encoder, pictures[: options.pictures], options.model)
        for _ in range(options.rounds)
    ]
    growth = [measure_job(pictures[:count], options.model) for count in options.growth]
    with running_qdrant_server() as qdrant:
        with_server = [
            measure_job(pictures[:count], options.model, QDRANT_URL=qdrant.url)
            for count in options.growth
        ]
    model = f"Model: {encoder.model.name}. The machine's load before was {load_before:.1f}."
    parts = [_render_rates(rounds, options), _render_growth(growth, with_server), model]
    publish("Bulk jobs", "\n\n".join(part for part in parts if part), options.out)


@dataclass(frozen=True, slots=True)
class JobMeasurement:
    """A job over this many pictures."""

    pictures: int
    seconds: float
    again_seconds: float
    """The same job once more, with nothing to do."""
    memory_mb: float
    """The highest resident memory of the host."""

    @property
    def per_s(self) -> float:
        return self.pictures / self.seconds


class BulkRound:
    def __init__(self, encoder: ClipEncoder, pictures: Sequence[bytes], model: Path) -> None:
        before = measure_batches_per_s(encoder, pictures)
        self.job = measure_job(pictures, model)
        self.alone_per_s = (before + measure_batches_per_s(encoder, pictures)) / 2
        names = [derive_name(_name_blob(at)) for at in range(len(pictures))]
        began = time.perf_counter()
        encoder.encode_texts(names)
        words_s = time.perf_counter() - began
        self.with_words_per_s = len(pictures) / (len(pictures) / self.alone_per_s + words_s)


def measure_job(pictures: Sequence[bytes], model: Path, **settings: str) -> JobMeasurement:
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "storage" / "images"
        images.mkdir(parents=True)
        for at, picture in enumerate(pictures):
            (images / _name_blob(at)).write_bytes(picture)
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
                seconds, memory_mb = _run_job(client, process)
                again_s, _ = (0.0, 0.0) if settings else _run_job(client, process)
        finally:
            host.stop()
    return JobMeasurement(len(pictures), seconds, again_s, memory_mb)


def _run_job(client: httpx.Client, process: psutil.Process) -> tuple[float, float]:
    """Returns the seconds of a job, and the highest memory in MB.

    It polls often only near the end, since polling uses the same cores.
    """
    began = time.perf_counter()
    job: dict[str, Any] = client.post("/api/v1/index-batch", json={"prefix": ""}).json()
    most = 0.0
    while not job["ended"]:
        is_near = job["total"] is not None and job["done"] >= job["total"] * NEAR_THE_END
        time.sleep(0.02 if is_near else 0.5)
        most = max(most, process.memory_info().rss / 1e6)
        job = client.get(job["url"]).raise_for_status().json()
    if job["state"] != "completed" or job["failed"]:
        raise RuntimeError(f"the job did not index everything: {job}")
    return time.perf_counter() - began, most


def _name_blob(at: int) -> str:
    return f"product-{at:05}.jpg"


def _render_rates(rounds: Sequence[BulkRound], options: argparse.Namespace) -> str:
    if not rounds:
        return ""

    def row(title: str, values: list[float], digits: int) -> list[str]:
        middle, low, high = (
            f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values))
        )
        return [title, f"{middle} ({low} to {high})"]

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
    setup = (
        f"{options.pictures} JPEGs of up to {options.side} pixels a side, {options.rounds} rounds"
    )
    return render_table([f"{setup}: the median of the rounds, and their range", ""], rows)


def _render_growth(growth: Sequence[JobMeasurement], with_server: Sequence[JobMeasurement]) -> str:
    if not growth:
        return ""
    header = [
        "pictures",
        "seconds",
        "ms a picture",
        "again, with nothing to do: s",
        "highest memory, MB",
    ]
    header.append("with a server, MB")
    rows = [
        [
            f"{job.pictures:,}",
            f"{job.seconds:.1f}",
            f"{1000 / job.per_s:.1f}",
            f"{job.again_seconds:.1f}",
            f"{job.memory_mb:.0f}",
            f"{with_server_job.memory_mb:.0f}",
        ]
        for job, with_server_job in zip(growth, with_server, strict=True)
    ]
    return render_table(header, rows)


if __name__ == "__main__":
    main()
