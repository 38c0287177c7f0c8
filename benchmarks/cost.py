"""Computes the cost of searching and indexing on Flex Consumption, from measured processor time.

Measured: seconds of a core that the host process uses for a text search, a picture search, a
dropped picture and a picture of a bulk job, with the full architecture (random weights: they cost
the same). Modelled: an instance of 2,048 MB has one core, one of 512 MB a quarter. It is billed
while anything runs on it, for at least a second, then in tenths, times its memory. A lone call is
billed by itself; on a busy instance calls overlap, so each is billed for its processor time.
Waiting for Qdrant and storage in the cloud is not included, nor are slower cores.

Prices: Azure Functions' documentation, Flex Consumption, on demand (read 2025-05, its example
rates), less the free grant of a month; the queue's polling besides. The constants say where each
comes from. Look at the price page of your region before you count on it.

``--from benchmarks/results/cost.md`` takes the processor times from an earlier result, to compute
the costs anew when a price has changed. Times are rounded as the table shows them, so both ways
give the same.
"""

from __future__ import annotations

import math
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.harness.full_size import add_bundle_argument, check_bundle
from benchmarks.harness.host import measure_core_s
from benchmarks.harness.report import make_parser, publish
from benchmarks.ingest import make_pictures
from devhost import ROOT, HostProcess
from model_export.markdown import render_table

PRICE_GB_S = 0.000026
PRICE_CALL = 0.40 / 1_000_000
FREE_GB_S, FREE_CALLS = 100_000, 250_000
"""Each month, for all function apps of a subscription together, on demand only; always-ready
instances get none (azure-docs, functions-flex-consumption-billing-table.md, 2024-11, which leaves
the numbers to the price page). The price page's numbers as public repositories quote it, read in
March and on 2 October 2026; it was not read by us."""
LEAST_S, STEP_S = 1.0, 0.1
INSTANCES = {"512 MB": (0.5, 0.25), "2,048 MB": (2.0, 1.0)}
"""Their gigabytes and cores."""
CHUNK = 64
"""Pictures of one activity of a bulk job."""
SHOPS = {
    "a small shop": (3_000, 500),
    "a medium one": (30_000, 5_000),
    "a large one": (300_000, 50_000),
}
"""Text searches and changed pictures a month."""
QUEUES, POLLS_A_MINUTE = 3, 30
"""blob-events and two poison queues; each is polled every two seconds
(``maxPollingInterval`` of host.json), as measured with Microsoft's extension on Azurite."""
PRICE_QUEUE_CALL = 0.004 / 10_000
"""A general-purpose v2 account with LRS, as infracost's tests print Azure's price list (2023)."""
MONTH_H = 730
GROUPS, MOST_OF_A_GROUP = 6, 5
"""The groups of functions that scale independently: searches, bulk jobs (durable), and each other
function by itself (events, two poison queues, the reconcile timer); and the default of
``maximumInstanceCount`` in infra/main.bicep, which applies to each group."""
BEGIN, END = "<!-- benchmarks/cost.py -->", "<!-- end -->"


@dataclass(frozen=True, slots=True)
class PricedOperation:
    name: str
    core_s: float
    per_call: int = 1

    def bill_lone_call(self, gigabytes: float, cores: float) -> float:
        """Returns the GB-s of an execution while nothing else runs on its instance."""
        seconds = max(LEAST_S, math.ceil(self.core_s * self.per_call / cores / STEP_S) * STEP_S)
        return seconds * gigabytes

    def price_lone_call(self, gigabytes: float, cores: float) -> float:
        """Returns the dollars for one while nothing else runs on its instance."""
        return (self.bill_lone_call(gigabytes, cores) * PRICE_GB_S + PRICE_CALL) / self.per_call

    def price_busy_call(self, gigabytes: float, cores: float) -> float:
        """Returns the dollars for one while the instance's cores are always busy."""
        return self.core_s / cores * gigabytes * PRICE_GB_S + PRICE_CALL / self.per_call


def main() -> None:
    parser = make_parser(__doc__ or "")
    add_bundle_argument(parser)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument(
        "--from",
        dest="earlier",
        type=Path,
        help="an earlier result: take its times, measure nothing",
    )
    parser.add_argument("--document", type=Path, default=ROOT / "docs" / "costs.md")
    options = parser.parse_args()
    if options.earlier:
        operations, origin = read_results(options.earlier.read_text())
    else:
        operations, origin = measure_operations(check_bundle(options.bundle), options.runs), None
    tables = render_tables(operations)
    publish("Costs", tables, options.out, origin=origin)
    _write_document(options.document, tables)


def read_results(text: str) -> tuple[list[PricedOperation], str]:
    """Returns the measured operations of an earlier result, and its line on how they were measured.

    Raises ValueError if it is not a result of this benchmark.
    """
    rows = re.findall(r"^\| [\d,]+ times (.+?) \| ([\d.]+) \|", text, re.MULTILINE)
    origin = re.search(r"^Measured on .*?`\.", text, re.MULTILINE)
    if not rows or origin is None:
        raise ValueError("no result of benchmarks.cost")
    operations = [
        PricedOperation(name, round(float(core_ms) / 1000, 4), CHUNK if "bulk" in name else 1)
        for name, core_ms in rows
    ]
    return operations, origin[0]


def render_tables(operations: list[PricedOperation]) -> str:
    parts = [
        _render_operations(operations),
        _render_months(operations),
        _render_always_busy(operations),
        _render_catalogue(operations),
        _render_ceiling(),
        _render_polling(),
    ]
    return "\n\n".join(parts)


def compute_month_usd(gb_s: float, calls: int) -> float:
    """Returns the dollars for a month on demand, less the free grant."""
    return max(0, gb_s - FREE_GB_S) * PRICE_GB_S + max(0, calls - FREE_CALLS) * PRICE_CALL


def measure_operations(bundle: Path, runs: int) -> list[PricedOperation]:
    pictures = make_pictures(runs * 2, 1000)
    with run_measured_host(bundle) as of:
        operations = of.measure_all(pictures, runs)
    with run_measured_host(
        bundle, AzureWebJobs__blob_changed__Disabled="true"
    ) as of:  # the job alone indexes
        core_s = of.measure_core_s(lambda: of.run_bulk_job(pictures)) / len(pictures)
    return [*operations, PricedOperation("a picture of a bulk job", round(core_s, 4), CHUNK)]


@contextmanager
def run_measured_host(bundle: Path, **settings: str) -> Iterator[MeasuredHost]:
    with tempfile.TemporaryDirectory() as folder:
        host = HostProcess(Path(folder), MODEL_DIR=str(bundle), **settings)
        try:
            with httpx.Client(base_url=host.url, timeout=60) as client:
                yield MeasuredHost(client, psutil.Process(host.process.pid), Path(folder))
        finally:
            host.stop()


class MeasuredHost:
    def __init__(self, client: httpx.Client, process: psutil.Process, folder: Path) -> None:
        self._client, self._process = client, process
        self._images = folder / "storage" / "images"
        self._images.mkdir(parents=True, exist_ok=True)
        self._search_by_text("loads the model")

    def measure_all(self, pictures: list[bytes], runs: int) -> list[PricedOperation]:
        self._search_by_picture(pictures[-1])
        works: dict[str, Callable[[], object]] = {
            "a dropped picture": lambda: self._drop(pictures[:runs]),
            "a text search": lambda: self._search_by_texts(runs),
            "a picture search": lambda: self._search_by_pictures(pictures[:runs]),
        }
        return [
            PricedOperation(name, round(self.measure_core_s(work) / runs, 4))
            for name, work in works.items()
        ]

    def measure_core_s(self, work: Callable[[], object]) -> float:
        """Returns the seconds of a core that the app uses while ``work`` runs."""
        return measure_core_s(self._process, work)

    def _search_by_text(self, query: str) -> None:
        self._client.post("/api/v1/search", json={"query": query, "limit": 24}).raise_for_status()

    def _search_by_texts(self, count: int) -> None:
        for at in range(count):
            self._search_by_text(f"a red bag, no. {at}")

    def _search_by_pictures(self, pictures: list[bytes]) -> None:
        for picture in pictures:
            self._search_by_picture(picture)

    def _search_by_picture(self, picture: bytes) -> None:
        files = {"file": ("photo.jpg", picture)}
        self._client.post("/api/v1/search-image", files=files).raise_for_status()

    def _drop(self, pictures: list[bytes]) -> None:
        for at, picture in enumerate(pictures):
            (self._images / f"dropped-{at}.jpg").write_bytes(picture)
        while self._client.get("/api/v1/stats").json()["images"] < len(pictures):
            time.sleep(0.5)

    def run_bulk_job(self, pictures: list[bytes]) -> None:
        for at, picture in enumerate(pictures):
            (self._images / f"p-{at}.jpg").write_bytes(picture)
        job = self._client.post("/api/v1/index-batch", json={"prefix": "p-"}).json()
        while not job["ended"]:
            time.sleep(0.5)
            job = self._client.get(job["url"]).json()


def _render_operations(operations: list[PricedOperation]) -> str:
    header = ["", "core, ms"]
    header += [f"alone, {size}" for size in INSTANCES] + [f"busy, {size}" for size in INSTANCES]
    rows = []
    for operation in operations:
        count = 1_000 if "search" in operation.name else 10_000
        alone = [f"${count * operation.price_lone_call(*size):.3f}" for size in INSTANCES.values()]
        busy = [f"${count * operation.price_busy_call(*size):.3f}" for size in INSTANCES.values()]
        title = f"{count:,} times {operation.name}"
        rows.append([title, f"{1000 * operation.core_s:.1f}", *alone, *busy])
    return render_table(header, rows)


def _render_months(operations: list[PricedOperation]) -> str:
    by_name = {operation.name: operation for operation in operations}
    search, picture = by_name["a text search"], by_name["a dropped picture"]
    rows = []
    for name, (searches, pictures) in SHOPS.items():
        calls = searches + pictures
        row = [f"{name}: {searches:,} searches, {pictures:,} pictures", f"{calls:,}"]
        for instance in INSTANCES.values():
            gb_s = searches * search.bill_lone_call(*instance) + pictures * picture.bill_lone_call(
                *instance
            )
            row += [f"{gb_s:,.0f}", f"${compute_month_usd(gb_s, calls):.2f}"]
        rows.append(row)
    header = ["a month, each call alone on its instance, less the free grant", "executions"]
    for size in INSTANCES:
        header += [f"GB-s, {size}", "to pay"]
    return render_table(header, rows)


def _render_polling() -> str:
    hour = QUEUES * POLLS_A_MINUTE * 60
    rows = [
        [name, f"{calls:,}", f"${calls * PRICE_QUEUE_CALL:.3f}"]
        for name, calls in (
            ("an hour that one instance runs", hour),
            ("a month of one that runs all the time", hour * MONTH_H),
        )
    ]
    return render_table([f"polling of {QUEUES} queues", "operations", ""], rows)


def _render_always_busy(operations: list[PricedOperation]) -> str:
    [search] = [operation for operation in operations if operation.name == "a text search"]
    rows = []
    for size, (gigabytes, cores) in INSTANCES.items():
        hour = 3600 * gigabytes * PRICE_GB_S
        even = hour / search.price_lone_call(gigabytes, cores)
        rows.append([size, f"${hour:.4f}", f"${hour * MONTH_H:.0f}", f"{even:,.0f}"])
    header = [
        "one instance that is always busy",
        "an hour",
        "a month",
        "single searches an hour that cost as much",
    ]
    return render_table(header, rows)


def _render_catalogue(operations: list[PricedOperation]) -> str:
    [bulk] = [operation for operation in operations if "bulk" in operation.name]
    rows = []
    for size, instance in INSTANCES.items():
        hours = 1_000_000 * bulk.core_s / instance[1] / 3600
        busy = f"${1_000_000 * bulk.price_busy_call(*instance):.2f}"
        rows.append([size, busy, f"{hours:.0f}", f"{hours / MOST_OF_A_GROUP:.1f}"])
    capped = f"hours on {MOST_OF_A_GROUP} instances"
    header = ["a million pictures in one bulk job", "", "instance-hours", capped]
    return render_table(header, rows)


def _render_ceiling() -> str:
    rows = []
    for size, (gigabytes, _) in INSTANCES.items():
        hour = gigabytes * 3600 * PRICE_GB_S
        group, everything = MOST_OF_A_GROUP * hour, GROUPS * MOST_OF_A_GROUP * hour
        rows.append([size, f"${group:.2f}", f"${everything:.2f}", f"${24 * everything:.0f}"])
    header = [
        "if all instances that `maximumInstanceCount` allows are always busy",
        f"{MOST_OF_A_GROUP} searching, an hour",
        f"{GROUPS * MOST_OF_A_GROUP} in {GROUPS} groups, an hour",
        "the same, a day",
    ]
    return render_table(header, rows)


def _write_document(document: Path, tables: str) -> None:
    text = document.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}")


if __name__ == "__main__":
    main()
