"""Whether the segments of a bulk job run side by side to its end, as Azure's host would have them.

The orchestrations are the app's own, on the development host, which replays them by the rules of
Azure's (``devhost/durable/replay.py``); their activities are stand-ins that only take their time.
The ideal is that time alone: as many rounds as it takes with so many segments in work, or with so
many slots for activities, whichever is more. What lies above it is orchestration: listing one
segment after the other, replays, and whatever is held back.
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

from benchmarks.harness.report import arguments, publish, table
from devhost import ROOT, HostProcess
from shared_code.bulk.jobs import Job, Source

APP = ROOT / "benchmarks" / "orchestration_app"
HOOKS = "/runtime/webhooks/durabletask"
TARGET = 1.3


@dataclass(frozen=True, slots=True)
class Plan:
    segments: int
    chunks: int
    """Of a segment; each is one activity."""
    ms: int
    """That an activity takes."""
    width: int
    """Segments in work at one time."""
    slots: int
    """Activities at one time, on all instances together."""

    @property
    def ideal_s(self) -> float:
        by_width = math.ceil(self.segments / self.width)
        by_slots = math.ceil(self.segments * self.chunks / self.slots)
        return max(by_width, by_slots) * self.ms / 1_000

    @property
    def source(self) -> Source:
        name = f"segs={self.segments};chunks={self.chunks};ms={self.ms}"
        return Source("container", name)


PLANS = (
    # 64 pictures at 22 ms of a core (docs/costs.md), which two activities share
    Plan(segments=24, chunks=16, ms=2_800, width=8, slots=200),
    Plan(segments=24, chunks=16, ms=100, width=8, slots=2),
)


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    rows = []
    for plan in PLANS:
        took = job_s(plan)
        ratio = f"{took / plan.ideal_s:.2f}"
        about = [plan.segments, plan.chunks, plan.ms, plan.width, plan.slots]
        rows.append([*about, f"{plan.ideal_s:.1f}", f"{took:.1f}", ratio])
    header = ["segments", "chunks of each", "ms of a chunk", "segments in work", "slots"]
    figures = table([*header, "ideal, s", "took, s", "times the ideal"], rows)
    publish("Orchestration", f"{figures}\n\nAt most {TARGET} times the ideal is good.", options.out)


def job_s(plan: Plan) -> float:
    """Seconds from the start of a job until it has ended."""
    with tempfile.TemporaryDirectory() as folder:
        app = copy_app(Path(folder), plan.slots)
        threads = str(plan.slots + 8)  # the orchestrators need some, too
        host = HostProcess(
            Path(folder) / "local", app=str(app), PYTHON_THREADPOOL_THREAD_COUNT=threads
        )
        try:
            with httpx.Client(base_url=host.url, timeout=30) as client:
                return run_job(client, plan)
        finally:
            host.stop()


def copy_app(folder: Path, slots: int) -> Path:
    app = Path(shutil.copytree(APP, folder / "app"))
    host = json.loads((app / "host.json").read_text())
    host["extensions"]["durableTask"]["maxConcurrentActivityFunctions"] = slots
    (app / "host.json").write_text(json.dumps(host))
    return app


def run_job(client: httpx.Client, plan: Plan) -> float:
    job = Job("job-benchmark", plan.source, chunk=64, width=plan.width)
    began = time.perf_counter()
    path = f"{HOOKS}/orchestrators/bulk_job/{job.id}"
    client.post(path, json=json.dumps(job.to_json())).raise_for_status()
    while (response := client.get(f"{HOOKS}/instances/{job.id}")).status_code == 202:
        time.sleep(0.05)
    took = time.perf_counter() - began
    status = response.json()
    wanted = plan.segments * plan.chunks * 10
    if status["runtimeStatus"] != "Completed" or status["output"]["counts"]["done"] != wanted:
        raise RuntimeError(f"the job did not do its work: {status}")
    return took


if __name__ == "__main__":
    main()
