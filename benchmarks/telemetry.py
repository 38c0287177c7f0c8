"""Measures telemetry: the time per call, the import of the libraries, and their size.

The emitter uses OpenTelemetry's own SDK with an exporter that sends nothing. A background thread
emits the spans and metrics, so that time does not delay a response.
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

from benchmarks.harness.report import make_parser, publish
from devhost import ROOT
from model_export.markdown import render_table
from shared_code.adapters.telemetry.azure_monitor import BackgroundTelemetry
from shared_code.adapters.telemetry.emitter import Emitter
from shared_code.domain.ports import NoTelemetry, Operation, Telemetry
from shared_code.domain.timing import collect_stages, stage

CALLS = 1_000
"""Fewer than the queue holds, so that none is dropped."""
ROUNDS = 9
DISTRIBUTION = "azure-monitor-opentelemetry"


class NullExporter(SpanExporter):
    def export(self, spans: object) -> SpanExportResult:
        return SpanExportResult.SUCCESS


def make_emitter() -> Emitter:
    tracers = TracerProvider()
    tracers.add_span_processor(BatchSpanProcessor(NullExporter()))
    meters = MeterProvider([InMemoryMetricReader()])
    return Emitter(tracers.get_tracer("b"), meters.get_meter("b"))


def make_operation() -> Operation:
    """Returns the operation of a search: an embedding, then the index."""
    started_ns = time.time_ns()
    with collect_stages() as stages:
        for name in ("embed", "search"):
            with stage(name):
                pass
    return Operation("search_by_text", "r-1", "", started_ns, time.time_ns(), 200, stages)


def measure_call_us(telemetry: Telemetry) -> float:
    """Returns the microseconds that a call's own thread takes to collect and record its stages."""
    started = time.perf_counter()
    for _ in range(CALLS):
        telemetry.record(make_operation())
    return (time.perf_counter() - started) / CALLS * 1e6


def measure_record_us() -> tuple[float, float]:
    """Returns the times without and with telemetry, while the background thread does nothing."""
    without = measure_call_us(NoTelemetry())
    background = BackgroundTelemetry(lambda: time.sleep(60))  # type: ignore[arg-type,return-value]
    background.record(make_operation())
    return without, measure_call_us(background)


def measure_export_us() -> float:
    to, calls = make_emitter(), [make_operation() for _ in range(CALLS)]
    started = time.process_time()
    for call in calls:
        to.emit(call)
    return (time.process_time() - started) / CALLS * 1e6


def measure_interpreter_s(code: str = "") -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def measure_import_s() -> float:
    """Returns the seconds of the import, without the interpreter's own start."""
    return measure_interpreter_s("import azure.monitor.opentelemetry") - measure_interpreter_s()


RESIDENT = """
import psutil, azure.identity, azure.storage.blob, qdrant_client
before = psutil.Process().memory_info().rss
import azure.monitor.opentelemetry
print((psutil.Process().memory_info().rss - before) / 1e6)
"""


def measure_resident_mb() -> float:
    """Returns what the libraries add to those that a deployed app imports anyway."""
    command = [sys.executable, "-c", RESIDENT]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def find_dependencies(names: set[str]) -> set[str]:
    """Returns these packages and all that they need."""
    packages: set[str] = set()
    while names:
        name = names.pop()
        packages.add(name)
        needed = map(Requirement, importlib.metadata.requires(name) or ())
        required = {
            r.name.lower() for r in needed if not r.marker or r.marker.evaluate({"extra": ""})
        }
        names |= required - packages
    return packages


def measure_package() -> tuple[float, int]:
    """Returns what the distribution adds to the deployed package: MB unpacked, and packages."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    direct = {Requirement(line).name.lower() for line in listed}
    added = find_dependencies({DISTRIBUTION}) - find_dependencies(direct - {DISTRIBUTION})
    files = [f for name in added for f in importlib.metadata.files(name) or ()]
    return sum(f.size or 0 for f in files) / 1e6, len(added)


def compute_median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def main() -> None:
    options = make_parser(__doc__ or "").parse_args()
    pairs = [measure_record_us() for _ in range(ROUNDS)]
    without, handing = (statistics.median(times) for times in zip(*pairs, strict=True))
    mb, packages = measure_package()
    rows = [
        ["a call without telemetry: its stages collected (µs of its thread)", f"{without:.1f}"],
        ["a call with telemetry: the same, and recorded (µs of its thread)", f"{handing:.1f}"],
        [
            "one call emitted: 3 spans, 3 metrics (µs of one core, background thread)",
            f"{compute_median(measure_export_us):.0f}",
        ],
        [
            "import of the libraries, once per process, background thread (s)",
            f"{compute_median(measure_import_s):.2f}",
        ],
        ["resident memory of the libraries (MB)", f"{compute_median(measure_resident_mb):.0f}"],
        [f"{packages} more packages deployed (MB, without bytecode)", f"{mb:.1f}"],
    ]
    body = f"{ROUNDS} rounds of {CALLS} calls, medians, with other work on the machine.\n\n"
    publish("Telemetry", body + render_table(["what", ""], rows), options.out)


if __name__ == "__main__":
    main()
