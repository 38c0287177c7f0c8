"""What searching and indexing cost on Flex Consumption: a model, from processor time measured here.

Measured: seconds of a core that a host takes for a text search, a picture search, a dropped picture
and a picture of a bulk job, by the process's own clock, with the full architecture (random weights:
they cost the same). Modelled: an instance of 2,048 MB has one core, one of 512 MB a quarter; an
instance is billed while anything runs on it, for a second at least, then by tenths, times its
memory. A lone call is billed by itself; a busy instance by the processor time alone, since calls
overlap. Waiting for Qdrant and storage in the cloud is not in it, nor are slower cores.

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

from benchmarks.harness.full_size import add_bundle, check_bundle
from benchmarks.harness.host import core_s
from benchmarks.harness.report import arguments, publish, table
from benchmarks.ingest import made_pictures
from devhost import ROOT, HostProcess

PRICE_GB_S = 0.000026
PRICE_CALL = 0.40 / 1_000_000
FREE_GB_S, FREE_CALLS = 100_000, 250_000
"""Each month, for all function apps of a subscription together, on demand only; always-ready
instances get none (azure-docs, functions-flex-consumption-billing-table.md, 2024-11, which leaves
the numbers to the price page). The price page's numbers as public repositories quote it, read in
March and on 2 October 2026; it was not read by us."""
LEAST_S, STEP_S = 1.0, 0.1
INSTANCES = {"512 MB": (0.5, 0.25), "2,048 MB": (2.0, 1.0)}
"""Gigabytes and cores."""
CHUNK = 64
"""Pictures of one activity of a bulk job."""
SHOPS = {
    "a small shop": (3_000, 500),
    "a medium one": (30_000, 5_000),
    "a large one": (300_000, 50_000),
}
"""Text searches and changed pictures a month."""
QUEUES, POLLS_A_MINUTE = 3, 30
"""blob-events and two for messages that were given up; one poll each every two seconds
(``maxPollingInterval`` of host.json), as measured with Microsoft's extension on Azurite."""
PRICE_QUEUE_CALL = 0.004 / 10_000
"""A general-purpose v2 account with LRS, as infracost's tests print Azure's price list (2023)."""
MONTH_H = 730
GROUPS, MOST_OF_A_GROUP = 6, 5
"""Groups of functions that scale apart: searches, bulk jobs (durable), and each other function by
itself: events, two queues of messages that were given up, the reconcile timer. The other is the
default of ``maximumInstanceCount`` in infra/main.bicep, which holds for each of them."""
BEGIN, END = "<!-- benchmarks/cost.py -->", "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    core_s: float
    per_call: int = 1

    def lone_gb_s(self, gigabytes: float, cores: float) -> float:
        """What an execution is billed for when nothing else runs on its instance."""
        seconds = max(LEAST_S, math.ceil(self.core_s * self.per_call / cores / STEP_S) * STEP_S)
        return seconds * gigabytes

    def lone_usd(self, gigabytes: float, cores: float) -> float:
        """Of one, when nothing else runs on its instance."""
        return (self.lone_gb_s(gigabytes, cores) * PRICE_GB_S + PRICE_CALL) / self.per_call

    def busy_usd(self, gigabytes: float, cores: float) -> float:
        """Of one, when the instance's cores never rest."""
        return self.core_s / cores * gigabytes * PRICE_GB_S + PRICE_CALL / self.per_call


def main() -> None:
    parser = arguments(__doc__ or "")
    add_bundle(parser)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--from", dest="earlier", type=Path, help="an earlier result, not measured")
    parser.add_argument("--document", type=Path, default=ROOT / "docs" / "costs.md")
    options = parser.parse_args()
    if options.earlier:
        operations, origin = read_results(options.earlier.read_text())
    else:
        operations, origin = measured(check_bundle(options.bundle), options.runs), None
    tables = render_tables(operations)
    publish("Costs", tables, options.out, origin=origin)
    _write(options.document, tables)


def read_results(text: str) -> tuple[list[Operation], str]:
    """Returns what an earlier result measured, and its line on what and how. Raises ValueError."""
    rows = re.findall(r"^\| [\d,]+ times (.+?) \| ([\d.]+) \|", text, re.MULTILINE)
    origin = re.search(r"^Measured on .*?`\.", text, re.MULTILINE)
    if not rows or origin is None:
        raise ValueError("no result of benchmarks.cost")
    operations = [
        Operation(name, round(float(core_ms) / 1000, 4), CHUNK if "bulk" in name else 1)
        for name, core_ms in rows
    ]
    return operations, origin[0]


def render_tables(operations: list[Operation]) -> str:
    parts = [
        _operations(operations),
        _months(operations),
        _always(operations),
        _catalogue(operations),
        _ceiling(),
        _polling(),
    ]
    return "\n\n".join(parts)


def month_usd(gb_s: float, calls: int) -> float:
    """What a month on demand costs, less the free grant."""
    return max(0, gb_s - FREE_GB_S) * PRICE_GB_S + max(0, calls - FREE_CALLS) * PRICE_CALL


def measured(bundle: Path, runs: int) -> list[Operation]:
    pictures = made_pictures(runs * 2, 1000)
    with shop(bundle) as of:
        operations = of.operations(pictures, runs)
    with shop(bundle, AzureWebJobs__blob_changed__Disabled="true") as of:  # the job alone indexes
        core_s = of.core_s(lambda: of.bulk(pictures)) / len(pictures)
    return [*operations, Operation("a picture of a bulk job", round(core_s, 4), CHUNK)]


@contextmanager
def shop(bundle: Path, **settings: str) -> Iterator[Shop]:
    with tempfile.TemporaryDirectory() as folder:
        host = HostProcess(Path(folder), MODEL_DIR=str(bundle), **settings)
        try:
            with httpx.Client(base_url=host.url, timeout=60) as client:
                yield Shop(client, psutil.Process(host.process.pid), Path(folder))
        finally:
            host.stop()


class Shop:
    def __init__(self, client: httpx.Client, process: psutil.Process, folder: Path) -> None:
        self._client, self._process = client, process
        self._images = folder / "storage" / "images"
        self._images.mkdir(parents=True, exist_ok=True)
        self._search("loads the model")

    def operations(self, pictures: list[bytes], runs: int) -> list[Operation]:
        self._photo(pictures[-1])
        works: dict[str, Callable[[], object]] = {
            "a dropped picture": lambda: self._drop(pictures[:runs]),
            "a text search": lambda: self._searches(runs),
            "a picture search": lambda: self._photos(pictures[:runs]),
        }
        return [Operation(name, round(self.core_s(work) / runs, 4)) for name, work in works.items()]

    def core_s(self, work: Callable[[], object]) -> float:
        """Of the app, while the work goes on."""
        return core_s(self._process, work)

    def _search(self, query: str) -> None:
        self._client.post("/api/v1/search", json={"query": query, "limit": 24}).raise_for_status()

    def _searches(self, count: int) -> None:
        for at in range(count):
            self._search(f"a red bag, no. {at}")

    def _photos(self, pictures: list[bytes]) -> None:
        for picture in pictures:
            self._photo(picture)

    def _photo(self, picture: bytes) -> None:
        files = {"file": ("photo.jpg", picture)}
        self._client.post("/api/v1/search-image", files=files).raise_for_status()

    def _drop(self, pictures: list[bytes]) -> None:
        for at, picture in enumerate(pictures):
            (self._images / f"dropped-{at}.jpg").write_bytes(picture)
        while self._client.get("/api/v1/stats").json()["images"] < len(pictures):
            time.sleep(0.5)

    def bulk(self, pictures: list[bytes]) -> None:
        for at, picture in enumerate(pictures):
            (self._images / f"p-{at}.jpg").write_bytes(picture)
        job = self._client.post("/api/v1/index-batch", json={"prefix": "p-"}).json()
        while not job["ended"]:
            time.sleep(0.5)
            job = self._client.get(job["url"]).json()


def _operations(found: list[Operation]) -> str:
    header = ["", "core, ms"]
    header += [f"alone, {size}" for size in INSTANCES] + [f"busy, {size}" for size in INSTANCES]
    rows = []
    for each in found:
        count = 1_000 if "search" in each.name else 10_000
        alone = [f"${count * each.lone_usd(*of):.3f}" for of in INSTANCES.values()]
        busy = [f"${count * each.busy_usd(*of):.3f}" for of in INSTANCES.values()]
        rows.append([f"{count:,} times {each.name}", f"{1000 * each.core_s:.1f}", *alone, *busy])
    return table(header, rows)


def _months(operations: list[Operation]) -> str:
    by_name = {operation.name: operation for operation in operations}
    search, picture = by_name["a text search"], by_name["a dropped picture"]
    rows = []
    for name, (searches, pictures) in SHOPS.items():
        calls = searches + pictures
        row = [f"{name}: {searches:,} searches, {pictures:,} pictures", f"{calls:,}"]
        for instance in INSTANCES.values():
            gb_s = searches * search.lone_gb_s(*instance) + pictures * picture.lone_gb_s(*instance)
            row += [f"{gb_s:,.0f}", f"${month_usd(gb_s, calls):.2f}"]
        rows.append(row)
    header = ["a month, every call alone, less the free grant", "executions"]
    for size in INSTANCES:
        header += [f"GB-s, {size}", "to pay"]
    return table(header, rows)


def _polling() -> str:
    hour = QUEUES * POLLS_A_MINUTE * 60
    rows = [
        [name, f"{calls:,}", f"${calls * PRICE_QUEUE_CALL:.3f}"]
        for name, calls in (
            ("an hour that one instance runs", hour),
            ("a month of one that never rests", hour * MONTH_H),
        )
    ]
    return table([f"polling of {QUEUES} queues", "operations", ""], rows)


def _always(found: list[Operation]) -> str:
    [search] = [each for each in found if each.name == "a text search"]
    rows = []
    for size, (gigabytes, cores) in INSTANCES.items():
        hour = 3600 * gigabytes * PRICE_GB_S
        even = hour / search.lone_usd(gigabytes, cores)
        rows.append([size, f"${hour:.4f}", f"${hour * MONTH_H:.0f}", f"{even:,.0f}"])
    header = [
        "one instance that never rests",
        "an hour",
        "a month",
        "lone searches an hour that cost as much",
    ]
    return table(header, rows)


def _catalogue(found: list[Operation]) -> str:
    [bulk] = [each for each in found if "bulk" in each.name]
    rows = []
    for size, instance in INSTANCES.items():
        hours = 1_000_000 * bulk.core_s / instance[1] / 3600
        busy = f"${1_000_000 * bulk.busy_usd(*instance):.2f}"
        rows.append([size, busy, f"{hours:.0f}", f"{hours / MOST_OF_A_GROUP:.1f}"])
    capped = f"hours on {MOST_OF_A_GROUP} instances"
    header = ["a million pictures in one bulk job", "", "instance-hours", capped]
    return table(header, rows)


def _ceiling() -> str:
    rows = []
    for size, (gigabytes, _) in INSTANCES.items():
        hour = gigabytes * 3600 * PRICE_GB_S
        group, everything = MOST_OF_A_GROUP * hour, GROUPS * MOST_OF_A_GROUP * hour
        rows.append([size, f"${group:.2f}", f"${everything:.2f}", f"${24 * everything:.0f}"])
    header = [
        "if all instances that `maximumInstanceCount` allows never rest",
        f"{MOST_OF_A_GROUP} searching, an hour",
        f"{GROUPS * MOST_OF_A_GROUP} in {GROUPS} groups, an hour",
        "the same, a day",
    ]
    return table(header, rows)


def _write(document: Path, tables: str) -> None:
    text = document.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}")


if __name__ == "__main__":
    main()
