"""What telemetry costs: a call that is told of, the libraries' import, their part of the package.

The emitter works into OpenTelemetry's own SDK, whose exporter takes all and sends nothing. Calls
are told of by a thread of their own, so the second line is work beside the answers, not before.
"""

from __future__ import annotations

import importlib.metadata
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from packaging.requirements import Requirement

from benchmarks.harness.report import arguments, publish, table
from devhost import ROOT
from shared_code.adapters.telemetry.azure_monitor import BackgroundTelemetry
from shared_code.adapters.telemetry.emitter import Emitter
from shared_code.domain.telemetry import NoTelemetry, Operation, Telemetry
from shared_code.domain.timing import collect_stages, stage

CALLS = 1_000
"""Fewer than may wait, so that none is dropped."""
ROUNDS = 9
DISTRIBUTION = "azure-monitor-opentelemetry"


class ToNowhere(SpanExporter):
    def export(self, spans: object) -> SpanExportResult:
        return SpanExportResult.SUCCESS


def emitter() -> Emitter:
    tracers = TracerProvider()
    tracers.add_span_processor(BatchSpanProcessor(ToNowhere()))
    meters = MeterProvider([InMemoryMetricReader()])
    return Emitter(tracers.get_tracer("b"), meters.get_meter("b"))


def operation() -> Operation:
    """A search as it is: an embedding, the index."""
    started_ns = time.time_ns()
    with collect_stages() as stages:
        for name in ("embed", "search"):
            with stage(name):
                pass
    return Operation("search_by_text", "r-1", "", started_ns, time.time_ns(), 200, stages)


def call_us(telemetry: Telemetry) -> float:
    """Microseconds of one call's own thread: its stages collected, and handed on."""
    started = time.perf_counter()
    for _ in range(CALLS):
        telemetry.record(operation())
    return (time.perf_counter() - started) / CALLS * 1e6


def handing_on_us() -> tuple[float, float]:
    """Without and with telemetry; the thread that tells is kept waiting meanwhile."""
    without = call_us(NoTelemetry())
    background = BackgroundTelemetry(lambda: time.sleep(60))  # type: ignore[arg-type,return-value]
    background.record(operation())
    return without, call_us(background)


def telling_us() -> float:
    to, calls = emitter(), [operation() for _ in range(CALLS)]
    started = time.process_time()
    for each in calls:
        to.emit(each)
    return (time.process_time() - started) / CALLS * 1e6


def interpreter_s(code: str = "") -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def import_s() -> float:
    """What the interpreter itself takes is not in it."""
    return interpreter_s("import azure.monitor.opentelemetry") - interpreter_s()


RESIDENT = """
import psutil, azure.identity, azure.storage.blob, qdrant_client
before = psutil.Process().memory_info().rss
import azure.monitor.opentelemetry
print((psutil.Process().memory_info().rss - before) / 1e6)
"""


def resident_mb() -> float:
    """Beside what a deployed app has imported anyway."""
    command = [sys.executable, "-c", RESIDENT]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def closure(names: set[str]) -> set[str]:
    """The packages that these need, themselves included."""
    found: set[str] = set()
    while names:
        name = names.pop()
        found.add(name)
        needed = map(Requirement, importlib.metadata.requires(name) or ())
        wanted = {
            r.name.lower() for r in needed if not r.marker or r.marker.evaluate({"extra": ""})
        }
        names |= wanted - found
    return found


def added_mb() -> tuple[float, int]:
    """What the distribution adds to what is deployed without it: MB unpacked, and packages."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    direct = {Requirement(each).name.lower() for each in listed}
    added = closure({DISTRIBUTION}) - closure(direct - {DISTRIBUTION})
    files = [f for name in added for f in importlib.metadata.files(name) or ()]
    return sum(f.size or 0 for f in files) / 1e6, len(added)


def median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def main() -> None:
    asked = arguments(__doc__ or "").parse_args()
    pairs = [handing_on_us() for _ in range(ROUNDS)]
    without, handing = (statistics.median(each) for each in zip(*pairs, strict=True))
    mb, packages = added_mb()
    rows = [
        ["a call's stages collected, nothing told (µs of its thread)", f"{without:.1f}"],
        ["the same, and handed on to be told (µs of its thread)", f"{handing:.1f}"],
        [
            "one call told: 3 spans, 3 metrics (µs of one core, by that thread)",
            f"{median(telling_us):.0f}",
        ],
        [
            "import of the libraries, once per process, by the thread that tells (s)",
            f"{median(import_s):.2f}",
        ],
        ["resident memory of the libraries (MB)", f"{median(resident_mb):.0f}"],
        [f"{packages} packages more in what is deployed (MB, without bytecode)", f"{mb:.1f}"],
    ]
    body = f"{ROUNDS} rounds of {CALLS} calls, medians, beside other work on the machine.\n\n"
    publish("Telemetry", body + table(["what", ""], rows), asked.out)


if __name__ == "__main__":
    main()
