"""From the start of a process to its first answered search: the packaged app, full architecture.

The package that `make package` has built is unpacked into a fresh folder for every run and started
by a Python that has nothing else, writes no caches and finds none but the package's own bytecode.
Variants take turns within each round. Searches go to a server that speaks Qdrant's protocol from
another process, so the client is the real one, or to the embedded engine. What Azure adds before
(a machine, the download of the package, the host, the worker) is not in it. Files are in the disk
cache.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from benchmarks.harness.full_size import add_bundle, check_bundle
from benchmarks.harness.packaged import (
    App,
    add_package,
    check_package,
    cloud_environment,
    embedded_environment,
    facts,
    seconds_to_first_answer,
)
from benchmarks.harness.report import arguments, publish, table

PACKAGED = "the package"
BEFORE = "an earlier package"
TREE = "this tree, its caches warm"


def main() -> None:
    parser = arguments(__doc__ or "")
    add_bundle(parser)
    add_package(parser)
    parser.add_argument("--before", type=Path, help="an earlier package, to compare with")
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    bundle = check_bundle(options.bundle)
    apps = variants(options)
    with cloud_environment(bundle) as cloud, embedded_environment(bundle) as embedded:
        with_client = first_answers(apps, cloud, options.runs)
        with_engine = first_answers(apps, embedded, options.runs)
        stages = stage_medians(apps[PACKAGED], cloud, options.runs)
    header = ["", "with Qdrant's client, s", "", "with the embedded engine, s", ""]
    rows = [
        [name, *compare(with_client, name), *compare(with_engine, name)] for name in with_client
    ]
    parts = [[step, f"{value:.3f}"] for step, value in stages.items()]
    body = (
        f"{options.runs} runs, medians (fastest to slowest); beside them the ratio of the package "
        "to each.\n\n"
        + table(header, rows)
        + "\n\nWhere the package's time goes with Qdrant's client, stage after stage in runs of "
        "their own; the app loads the text tower while the client is imported, so the sum is more "
        "than the whole.\n\n" + table(["stage", "seconds"], parts)
    )
    publish("Cold start", body, options.out)


def variants(options: argparse.Namespace) -> dict[str, App]:
    package = check_package(options.package)
    apps = {PACKAGED: App(package), "without its bytecode": App(package, bytecode=False)}
    if options.before is not None:
        apps[BEFORE] = App(check_package(options.before))
    return {**apps, TREE: App(None)}


def first_answers(
    apps: Mapping[str, App], environment: Mapping[str, str], runs: int
) -> dict[str, list[float]]:
    """Returns seconds to the first answer of each variant, measured in turns."""
    for app in apps.values():  # makes the collection, and warms the disk cache
        seconds_to_first_answer(app, environment)
    seconds: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(runs):
        for name, app in apps.items():
            seconds[name].append(seconds_to_first_answer(app, environment))
    return seconds


def compare(seconds: Mapping[str, list[float]], name: str) -> list[str]:
    """Returns two cells: the median with its range, and the ratio of the package's to it."""
    mine, other = statistics.median(seconds[PACKAGED]), statistics.median(seconds[name])
    ratio = "" if name == PACKAGED else f"{mine / other:.2f}"
    return [f"{other:.2f} ({min(seconds[name]):.2f} to {max(seconds[name]):.2f})", ratio]


def stage_medians(app: App, environment: Mapping[str, str], runs: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        seconds["an empty interpreter"].append(time.perf_counter() - started)
        for fact in facts(app, environment, "stages"):
            seconds[fact["step"]].append(fact["seconds"])
    return {step: statistics.median(values) for step, values in seconds.items()}


if __name__ == "__main__":
    main()
