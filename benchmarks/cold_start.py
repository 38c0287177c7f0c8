"""From the start of a process to its first answered search, with the full architecture.

The process is Python with the app in it, as Azure's worker runs it, against a server that speaks
Qdrant's protocol from another process, so that its client is the real one. What Azure adds before
(a machine, the host, the worker) is not in it. The disk cache is warm.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.full_size import add_bundle, check_bundle
from benchmarks.report import arguments, publish, table
from devhost.child import ROOT
from tests.twins.qdrant_server import running_qdrant_server


def main() -> None:
    parser = arguments(__doc__ or "")
    add_bundle(parser)
    parser.add_argument("--runs", type=int, default=9)
    asked = parser.parse_args()
    bundle = check_bundle(asked.bundle)
    with serving_environment(bundle) as environment:
        first_answer_s(environment)  # makes the collection and warms the disk cache
        seconds = [first_answer_s(environment) for _ in range(asked.runs)]
        stages = stage_medians(environment, asked.runs)
    whole = [
        ["**process start to the first answered search**", f"**{statistics.median(seconds):.2f}**"],
        ["the fastest and the slowest run", f"{min(seconds):.2f}, {max(seconds):.2f}"],
    ]
    parts = [[step, f"{value:.3f}"] for step, value in stages.items()]
    body = (
        f"{asked.runs} runs, medians. The stages are timed one after the other in runs of their "
        "own; the app loads the text tower while qdrant-client is imported, so their sum is more "
        "than the whole.\n\n"
    )
    publish("Cold start", body + table(["what", "seconds"], [*whole, *parts]), asked.out)


@contextmanager
def serving_environment(bundle: Path) -> Iterator[dict[str, str]]:
    """Settings of a deployed app: a Qdrant server, and a storage account that is not asked."""
    with tempfile.TemporaryDirectory() as folder, running_qdrant_server() as qdrant:
        yield {
            **os.environ,
            "MODEL_DIR": str(bundle),
            "LOCAL_DIR": folder,
            "QDRANT_URL": qdrant.url,
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        }


def first_answer_s(environment: dict[str, str]) -> float:
    started = time.perf_counter()
    with serving(environment, "search") as process:
        assert process.stdout is not None  # noqa: S101  # a pipe was asked for
        if "answered" not in process.stdout.readline():
            raise RuntimeError("the search was not answered")
        return time.perf_counter() - started


def stage_medians(environment: dict[str, str], runs: int) -> dict[str, float]:
    seen: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        seen["an empty interpreter"].append(time.perf_counter() - started)
        for facts in said(environment, "stages"):
            seen[facts["step"]].append(facts["seconds"])
    return {step: statistics.median(values) for step, values in seen.items()}


def said(environment: dict[str, str], *asked: str) -> list[dict[str, Any]]:
    """All that a serving process says."""
    with serving(environment, *asked) as process:
        output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("the serving process failed")
    return [json.loads(line) for line in output.splitlines()]


@contextmanager
def serving(environment: dict[str, str], *asked: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.serving", *asked]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


if __name__ == "__main__":
    main()
