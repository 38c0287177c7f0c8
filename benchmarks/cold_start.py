"""Measures a cold start: from the start of a process to its first answered search.

The package that `make package` has built, with a model of the full architecture, is unpacked into
an empty folder for every run and started by a Python that has nothing else, writes no bytecode and
has only that of the package. Variants take turns within each round. Searches go through the real
client to a stand-in for a Qdrant server in another process, or to the embedded engine. What Azure
adds (a machine, the download of the package, the host, the worker) is not included. Files are in
the disk cache.
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

from benchmarks.harness.full_size import add_bundle_argument, check_bundle
from benchmarks.harness.packaged import (
    MeasuredApp,
    add_package_argument,
    check_package,
    make_cloud_environment,
    make_embedded_environment,
    measure_first_answer,
    run_step,
)
from benchmarks.harness.report import make_parser, publish
from model_export.markdown import render_table

PACKAGED = "the package"
BEFORE = "an earlier package"
TREE = "this tree, its caches warm"


def main() -> None:
    parser = make_parser(__doc__ or "")
    add_bundle_argument(parser)
    add_package_argument(parser)
    parser.add_argument("--before", type=Path, help="an earlier package, to compare with")
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    bundle = check_bundle(options.bundle)
    apps = list_variants(options)
    with make_cloud_environment(bundle) as cloud, make_embedded_environment(bundle) as embedded:
        with_client = measure_first_answers(apps, cloud, options.runs)
        with_engine = measure_first_answers(apps, embedded, options.runs)
        stages = measure_stages(apps[PACKAGED], cloud, options.runs)
    header = ["", "with Qdrant's client, s", "", "with the embedded engine, s", ""]
    rows = [
        [name, *render_comparison(with_client, name), *render_comparison(with_engine, name)]
        for name in with_client
    ]
    parts = [[step, f"{value:.3f}"] for step, value in stages.items()]
    body = (
        f"{options.runs} runs, medians (fastest to slowest); next to them the ratio of the package "
        "to each.\n\n"
        + render_table(header, rows)
        + "\n\nWhere the package's time goes with Qdrant's client, stage after stage in runs of "
        "their own; the app loads the text tower while the client is imported, so the sum is more "
        "than the whole.\n\n" + render_table(["stage", "seconds"], parts)
    )
    publish("Cold start", body, options.out)


def list_variants(options: argparse.Namespace) -> dict[str, MeasuredApp]:
    package = check_package(options.package)
    apps = {
        PACKAGED: MeasuredApp(package),
        "without its bytecode": MeasuredApp(package, bytecode=False),
    }
    if options.before is not None:
        apps[BEFORE] = MeasuredApp(check_package(options.before))
    return {**apps, TREE: MeasuredApp(None)}


def measure_first_answers(
    apps: Mapping[str, MeasuredApp], environment: Mapping[str, str], runs: int
) -> dict[str, list[float]]:
    """Returns seconds to the first answer of each variant, measured in turns."""
    for app in apps.values():  # makes the collection, and warms the disk cache
        measure_first_answer(app, environment)
    seconds: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(runs):
        for name, app in apps.items():
            seconds[name].append(measure_first_answer(app, environment))
    return seconds


def render_comparison(seconds: Mapping[str, list[float]], name: str) -> list[str]:
    """Returns two cells: the median with its range, and the ratio of the package's to it."""
    package_s, variant_s = statistics.median(seconds[PACKAGED]), statistics.median(seconds[name])
    ratio = "" if name == PACKAGED else f"{package_s / variant_s:.2f}"
    return [f"{variant_s:.2f} ({min(seconds[name]):.2f} to {max(seconds[name]):.2f})", ratio]


def measure_stages(app: MeasuredApp, environment: Mapping[str, str], runs: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        seconds["an empty interpreter"].append(time.perf_counter() - started)
        for fact in run_step(app, environment, "stages"):
            seconds[fact["step"]].append(fact["seconds"])
    return {step: statistics.median(values) for step, values in seconds.items()}


if __name__ == "__main__":
    main()
