"""Measures how long the import of the entry point takes, and a second ``make start``.

The first start indexes the samples in a new folder; the starts that are timed find them there, like
a user's second start. A start is complete when a search has been answered.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.harness.host import run_host
from benchmarks.harness.report import make_parser, publish
from devhost import ROOT
from model_export.markdown import render_table
from samples.catalogue import load

IMPORTS = {
    "`import function_app`": "import function_app",
    "an empty interpreter": "pass",
}


def main() -> None:
    parser = make_parser(__doc__ or "")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    rows = [
        [name, f"{measure_interpreter_s(code, options.runs):.2f}"] for name, code in IMPORTS.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        measure_start_s(Path(folder))  # indexes the samples
        second_start_s = statistics.median(
            measure_start_s(Path(folder)) for _ in range(options.runs)
        )
    rows.append(
        ["the command of `make start` again, until a search has answered", f"{second_start_s:.2f}"]
    )
    publish("Starting", render_table(["what", "seconds (median)"], rows), options.out)


def measure_interpreter_s(code: str, runs: int) -> float:
    def once() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        return time.perf_counter() - started

    return statistics.median(once() for _ in range(runs))


def measure_start_s(folder: Path) -> float:
    started = time.perf_counter()
    with run_host(module="devhost.start", local_dir=folder) as client:
        wait_for_the_samples(client)
        client.post("/api/v1/search", json={"query": "red dress"}).raise_for_status()
        return time.perf_counter() - started


def wait_for_the_samples(client: httpx.Client) -> None:
    expected = len(load())
    deadline = time.monotonic() + 120
    while client.get("/api/v1/stats").json()["products"] < expected:
        if time.monotonic() > deadline:
            raise RuntimeError("the samples were not indexed")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
