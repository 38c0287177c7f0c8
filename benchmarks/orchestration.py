"""Measures whether the segments of a bulk job run in parallel until its end.

The orchestrations are the app's own, on the development host, which replays them by the rules of
Azure's host (``devhost/durable/replay.py``); their activities are stand-ins that only sleep. The
ideal is their time alone: as many rounds as the number of segments in parallel requires, or that of
slots for activities, whichever is more. Time beyond it is orchestration: listing one segment after
the other, replays, and waiting.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.harness.report import make_parser, publish
from devhost import ROOT, HostProcess
from model_export.markdown import render_table
from shared_code.bulk import BulkJob, BulkSource

APP = ROOT / "benchmarks" / "orchestration_app"
HOOKS = "/runtime/webhooks/durabletask"
TARGET = 1.3


@dataclass(frozen=True, slots=True)
class JobShape:
    segments: int
    chunks: int
    """In a segment; each is one activity."""
    ms: int
    """The time of an activity."""
    width: int
    """Segments in parallel."""
    slots: int
    """Activities in parallel, on all instances together."""

    @property
    def ideal_s(self) -> float:
        by_width = math.ceil(self.segments / self.width)
        by_slots = math.ceil(self.segments * self.chunks / self.slots)
        return max(by_width, by_slots) * self.ms / 1_000

    @property
    def source(self) -> BulkSource:
        name = f"segs={self.segments};chunks={self.chunks};ms={self.ms}"
        return BulkSource("container", name)


SHAPES = (
    # 64 pictures at 22 ms of a core (docs/costs.md), which two activities share
    JobShape(segments=24, chunks=16, ms=2_800, width=8, slots=200),
    JobShape(segments=24, chunks=16, ms=100, width=8, slots=2),
)


def main() -> None:
    options = make_parser(__doc__ or "").parse_args()
    rows = []
    for shape in SHAPES:
        job_seconds = measure_job_s(shape)
        ratio = f"{job_seconds / shape.ideal_s:.2f}"
        about = [shape.segments, shape.chunks, shape.ms, shape.width, shape.slots]
        rows.append([*about, f"{shape.ideal_s:.1f}", f"{job_seconds:.1f}", ratio])
    header = ["segments", "chunks of each", "ms of a chunk", "segments in parallel", "slots"]
    figures = render_table([*header, "ideal, s", "took, s", "times the ideal"], rows)
    publish("Orchestration", f"{figures}\n\nAt most {TARGET} times the ideal is good.", options.out)


def measure_job_s(shape: JobShape) -> float:
    """Returns the seconds from the start of a job to its end."""
    with tempfile.TemporaryDirectory() as folder:
        app = copy_app(Path(folder), shape.slots)
        threads = str(shape.slots + 8)  # the orchestrators need some as well
        host = HostProcess(
            Path(folder) / "local", app=str(app), PYTHON_THREADPOOL_THREAD_COUNT=threads
        )
        try:
            with httpx.Client(base_url=host.url, timeout=30) as client:
                return run_job(client, shape)
        finally:
            host.stop()


def copy_app(folder: Path, slots: int) -> Path:
    app = Path(shutil.copytree(APP, folder / "app"))
    host = json.loads((app / "host.json").read_text())
    host["extensions"]["durableTask"]["maxConcurrentActivityFunctions"] = slots
    (app / "host.json").write_text(json.dumps(host))
    return app


def run_job(client: httpx.Client, shape: JobShape) -> float:
    job = BulkJob("job-benchmark", shape.source, chunk=64, width=shape.width)
    began = time.perf_counter()
    path = f"{HOOKS}/orchestrators/bulk_job/{job.id}"
    client.post(path, json=json.dumps(job.to_json())).raise_for_status()
    while (response := client.get(f"{HOOKS}/instances/{job.id}")).status_code == 202:
        time.sleep(0.05)
    job_seconds = time.perf_counter() - began
    status = response.json()
    expected = shape.segments * shape.chunks * 10
    if status["runtimeStatus"] != "Completed" or status["output"]["counts"]["done"] != expected:
        raise RuntimeError(f"the job did not finish all activities: {status}")
    return job_seconds


if __name__ == "__main__":
    main()
