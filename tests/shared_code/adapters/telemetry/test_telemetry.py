"""Calls as spans and metrics: OpenTelemetry's own SDK, with its exporters in memory."""

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from shared_code.adapters.telemetry import azure_monitor as telemetry
from shared_code.adapters.telemetry.azure_monitor import MAX_WAITING, BackgroundTelemetry
from shared_code.adapters.telemetry.emitter import Emitter
from shared_code.domain.ports import IMPORTED_NS, NoTelemetry, Operation
from shared_code.domain.timing import MAX_INTERVALS, Stages, collect_stages, mark, stage
from shared_code.settings import Settings
from shared_code.wiring import Adapters

ROOT = Path(__file__).parents[4]
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
AT = IMPORTED_NS + 1_000_000_000


class SdkRecorder:
    """The spans and metrics that the emitter gives the SDK."""

    def __init__(self):
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        tracers, self._meters = TracerProvider(), MeterProvider([self._reader])
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.emitter = Emitter(tracers.get_tracer("t"), self._meters.get_meter("t"))

    def get_spans(self):
        return {span.name: span for span in self._spans.get_finished_spans()}

    def get_metrics(self):
        """Returns (count, sum) by (name, attributes except the function's)."""
        data = self._reader.get_metrics_data()
        points = [
            (metric.name, point)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        ]
        return {
            (name, *(v for k, v in sorted(point.attributes.items()) if k != "function")): (
                getattr(point, "count", None),
                getattr(point, "sum", None) or point.value,
            )
            for name, point in points
        }

    def close(self):
        self._meters.shutdown()


@pytest.fixture
def recorder():
    sdk_recorder = SdkRecorder()
    yield sdk_recorder
    sdk_recorder.close()


def make_operation(*, parent="", status=200, stages=None):
    stages = stages or Stages()
    return Operation("search_by_text", "r-1", parent, AT, AT + 10_000_000, status, stages)


def make_stages():
    stages = Stages()
    stages.add("embed", AT + 1_000_000, 3_000_000)
    stages.add("search", AT + 4_000_000, 5_000_000)
    stages.add("search", AT + 9_000_000, 1_000_000)
    stages.marks["cache"] = "miss"
    return stages


def test_a_call_is_a_span_and_its_stages_are_spans_below_it(recorder):
    recorder.emitter.emit(make_operation(stages=make_stages()))
    spans = recorder.get_spans()
    assert set(spans) == {"search_by_text", "embed", "search"}
    call, embed = spans["search_by_text"], spans["embed"]
    assert (call.start_time, call.end_time) == (AT, AT + 10_000_000)
    assert (embed.start_time, embed.end_time) == (AT + 1_000_000, AT + 4_000_000)
    assert embed.parent.span_id == call.context.span_id
    assert embed.context.trace_id == call.context.trace_id
    assert dict(call.attributes) == {
        "status": 200,
        "request_id": "r-1",
        "cold_start": True,
        "cache": "miss",
    }


def test_a_call_belongs_to_the_trace_of_the_host(recorder):
    recorder.emitter.emit(make_operation(parent=f"00-{TRACE}-{SPAN}-01"))
    [call] = recorder.get_spans().values()
    assert f"{call.context.trace_id:032x}" == TRACE
    assert f"{call.parent.span_id:016x}" == SPAN


@pytest.mark.parametrize("parent", ["", "nonsense", "00-0-0-0"])
def test_without_a_parent_a_call_is_a_trace_of_its_own(recorder, parent):
    recorder.emitter.emit(make_operation(parent=parent))
    [call] = recorder.get_spans().values()
    assert call.parent is None


@pytest.mark.parametrize(
    ("status", "code"), [(200, StatusCode.UNSET), (422, StatusCode.UNSET), (503, StatusCode.ERROR)]
)
def test_a_failure_of_ours_is_an_error_and_a_callers_is_none(recorder, status, code):
    recorder.emitter.emit(make_operation(status=status))
    [call] = recorder.get_spans().values()
    assert call.status.status_code == code


def test_metrics(recorder):
    recorder.emitter.emit(make_operation(stages=make_stages()))
    recorder.emitter.emit(make_operation(status=503))
    metrics = recorder.get_metrics()
    assert metrics == {
        ("cold_start_ms",): (1, 1010.0),
        ("request_ms", 200): (1, 10.0),
        ("request_ms", 503): (1, 10.0),
        ("embed_ms",): (1, 3.0),
        ("search_ms",): (2, 6.0),
        ("cold_starts",): (None, 1),
        ("cache_lookups", "miss"): (None, 1),
    }


def test_only_the_first_call_is_a_cold_start(recorder):
    recorder.emitter.emit(make_operation())
    recorder.emitter.emit(make_operation())
    assert recorder.get_metrics()[("cold_starts",)] == (None, 1)


def test_stages_are_collected_with_their_times():
    before = time.time_ns()
    with collect_stages() as stages:
        with stage("embed"), stage("queue"):
            mark("cache", "hit")
        for _ in range(MAX_INTERVALS):
            with stage("store"):
                pass
    assert [interval.name for interval in stages.intervals[:2]] == ["queue", "embed"]
    assert len(stages.intervals) == MAX_INTERVALS
    assert before <= stages.intervals[0].started_ns <= stages.intervals[0].ended_ns
    assert stages.marks == {"cache": "hit"}
    assert set(stages) == {"embed", "queue", "store", "cache;desc=hit"}


def test_the_thread_emits_every_call(recorder):
    background = BackgroundTelemetry(lambda: recorder.emitter)
    for status in (200, 404, 503):
        background.record(make_operation(status=status))
    background.flush()
    assert {key[1] for key in recorder.get_metrics() if key[0] == "request_ms"} == {200, 404, 503}


def test_nothing_is_connected_before_the_first_call():
    BackgroundTelemetry(lambda: pytest.fail("too early"))


def test_a_failed_set_up_is_logged_once_and_fails_no_call(caplog):
    def refuse():
        raise ValueError("InstrumentationKey=hush")

    background = BackgroundTelemetry(refuse)
    background.record(make_operation())
    background.record(make_operation())
    background.flush()
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "ValueError" in record.getMessage()
    assert "hush" not in caplog.text


def test_a_failure_of_the_emitter_costs_only_that_call(recorder, caplog):
    class Failing:
        def emit(self, operation):
            if operation.status == 404:
                raise RuntimeError
            recorder.emitter.emit(operation)

    background = BackgroundTelemetry(Failing)
    for status in (404, 200):
        background.record(make_operation(status=status))
    background.flush()
    assert ("request_ms", 200) in recorder.get_metrics()
    assert "incomplete" in caplog.text


def test_a_flood_of_calls_is_cut_and_logged(caplog):
    flooded = threading.Event()
    background = BackgroundTelemetry(lambda: flooded.wait() and None)
    for _ in range(MAX_WAITING + 10):
        background.record(make_operation())
    flooded.set()
    background.flush()
    assert "more calls than it can record" in caplog.text


def test_without_the_setting_there_is_no_telemetry():
    assert isinstance(Adapters(Settings()).telemetry, NoTelemetry)


def test_every_instrumentation_of_the_distribution_is_switched_off():
    from azure.monitor.opentelemetry import _constants

    known = _constants._ALL_SUPPORTED_INSTRUMENTED_LIBRARIES
    assert set(telemetry.INSTRUMENTATIONS) >= set(known)


def run_in_new_process(code):
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.strip()


IMPORTS = """
import sys
import azure.functions as func
from functions.health import health
from shared_code.app import App, use_models
from shared_code.reindex.model_switch import ModelSwitch
from shared_code.settings import Settings
"""
A_CALL = """
health(func.HttpRequest(method="GET", url="/api/v1/health", body=b""))
"""


def test_without_the_setting_a_call_imports_no_opentelemetry():
    loaded = "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    assert run_in_new_process(IMPORTS + A_CALL + loaded) == "[]"


def test_a_tracer_that_the_worker_has_set_up_is_used():
    """The worker does so where PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY is set."""
    code = f"""{IMPORTS}
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
spans, workers = InMemorySpanExporter(), TracerProvider()
workers.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(workers)
app = App(Settings(opentelemetry=True, applicationinsights_connection_string="no address"))
use_models(ModelSwitch(app))
{A_CALL}
app.adapters.telemetry.flush()
names = [span.name for span in spans.get_finished_spans()]
print(names, "azure.monitor.opentelemetry" in sys.modules)
"""
    assert run_in_new_process(code) == "['health'] False"
