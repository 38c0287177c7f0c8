"""How long a start takes: the import of the entry point, and what ``make start`` runs, again.

The first ``make start`` of the run indexes the samples in a folder of its own; the starts
that are timed find everything there, as a user's second start does. Ready means: health
answers and a search has answered.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.harness.host import devhost
from benchmarks.harness.report import arguments, publish, table
from devhost import ROOT
from samples.catalogue import load

IMPORTS = {
    "`import function_app`": "import function_app",
    "an empty interpreter": "pass",
}


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args()
    rows = [[name, f"{interpreter_s(code, asked.runs):.2f}"] for name, code in IMPORTS.items()]
    with tempfile.TemporaryDirectory() as folder:
        start_s(Path(folder))  # indexes the samples
        again = statistics.median(start_s(Path(folder)) for _ in range(asked.runs))
    rows.append(["the command of `make start` again, until a search has answered", f"{again:.2f}"])
    publish("Starting", table(["what", "seconds (median)"], rows), asked.out)


def interpreter_s(code: str, runs: int) -> float:
    def once() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        return time.perf_counter() - started

    return statistics.median(once() for _ in range(runs))


def start_s(folder: Path) -> float:
    started = time.perf_counter()
    with devhost(module="devhost.start", local_dir=folder) as client:
        wait_for_the_samples(client)
        client.post("/api/v1/search", json={"query": "red dress"}).raise_for_status()
        return time.perf_counter() - started


def wait_for_the_samples(client: httpx.Client) -> None:
    wanted = len(load())
    deadline = time.monotonic() + 120
    while client.get("/api/v1/stats").json()["products"] < wanted:
        if time.monotonic() > deadline:
            raise RuntimeError("the samples were not indexed")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
