"""Telemetry and logs of a function's calls, with OpenTelemetry's SDK and as JSON lines."""

import io
import json
import logging

import azure.functions as func
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from functions.blob_events import blob_changed
from functions.embed import embed_text
from functions.products import index_product_with_image
from functions.search import search_by_blend, search_by_text
from shared_code.adapters.telemetry.azure_monitor import BackgroundTelemetry
from shared_code.adapters.telemetry.emitter import Emitter
from shared_code.adapters.telemetry.json_logs import JsonLineFormatter
from shared_code.app import use_models
from shared_code.domain.errors import Unavailable
from tests.functions.conftest import BrokenPart, as_form, as_json, call, http_request
from tests.pictures import picture

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRETS = ("scarlet ballgown", "ada@example.com", "my-holiday.png", "PNG")
"""What a shop's customer sends: words, a user name, a file name and its content."""


class Trace:
    trace_parent = f"00-{TRACE}-{SPAN}-01"


class Context:
    """The context as the worker passes it."""

    invocation_id = "9b1c"
    trace_context = Trace()


class RecordedTelemetry:
    def __init__(self, app):
        self._app = app
        self._spans, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers, self.meters = TracerProvider(), MeterProvider([self._reader])
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        emitter = Emitter(tracers.get_tracer("t"), self.meters.get_meter("t"))
        app.adapters.telemetry = BackgroundTelemetry(lambda: emitter)

    def get_spans(self):
        self._app.adapters.telemetry.flush()
        return self._spans.get_finished_spans()

    def dump_all(self):
        spans = "".join(span.to_json() for span in self.get_spans())
        return spans + self._reader.get_metrics_data().to_json()


@pytest.fixture
def telemetry(app):
    recorded = RecordedTelemetry(app)
    yield recorded
    recorded.meters.shutdown()


@pytest.fixture
def log_lines():
    """A function that returns everything logged so far, parsed from its JSON."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, before = logging.StreamHandler(stream), root.level
    handler.setFormatter(JsonLineFormatter())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


def make_customer_request():
    """Returns a user's search by a text and a picture."""
    form = as_form({"query": SECRETS[0]}, [("file", SECRETS[2], picture("red"))])
    form["headers"] |= {"x-user-id": SECRETS[1]}
    return form


def test_a_search_is_a_span_with_its_stages(telemetry):
    request = as_json({"query": "red"})
    request["headers"]["x-request-id"] = "mine-1"
    search_by_text(http_request(**request), context=Context())
    spans = {span.name: span for span in telemetry.get_spans()}
    call_span = spans["search_by_text"]
    assert {"search"} <= spans.keys() - {"search_by_text"}
    assert f"{call_span.context.trace_id:032x}" == TRACE
    assert call_span.attributes["request_id"] == "mine-1"
    assert call_span.attributes["status"] == 200
    assert all(
        span.parent.span_id == call_span.context.span_id
        for span in spans.values()
        if span is not call_span
    )


def test_a_span_has_the_status_of_the_response(telemetry, app):
    call(search_by_text, **as_json({"query": ""}))
    app.adapters.index = BrokenPart(Unavailable("down"))
    del app.search
    call(search_by_text, **as_json({"query": "red"}))
    statuses = [s.attributes["status"] for s in telemetry.get_spans() if s.attributes]
    assert statuses == [422, 503]


def test_an_event_is_a_span_with_the_hosts_id(telemetry):
    blob_changed(func.blob.InputStream(data=b"", name="images/gone.png"), context=Context())
    [call_span] = [span for span in telemetry.get_spans() if span.name == "blob_changed"]
    assert call_span.attributes["request_id"] == "9b1c"
    assert f"{call_span.context.trace_id:032x}" == TRACE


def test_an_event_that_fails_is_a_failed_span_and_raises(telemetry, app):
    app.blob_events = BrokenPart(Unavailable("down"))
    with pytest.raises(Unavailable):
        blob_changed(func.blob.InputStream(data=b"", name="images/gone.png"))
    [call_span] = telemetry.get_spans()
    assert call_span.attributes["status"] == 500


def test_nothing_that_a_caller_sent_is_in_telemetry_or_logs(telemetry, app, log_lines):
    """Neither in calls that succeed, nor in those that are refused or meet an outage or a bug."""
    fields = {"product_id": "p", "name": "P"}
    call(index_product_with_image, **as_form(fields, [("image_file", "a.png", picture("red"))]))
    assert call(search_by_blend, **make_customer_request()).status_code == 200
    refused = as_form({"query": SECRETS[0], "limit": "x"}, [("file", SECRETS[2], b"\x89PNG no")])
    assert call(search_by_blend, **refused).status_code == 422
    for error in (Unavailable("down"), ValueError(f"bug about {SECRETS}")):
        app.adapters.index = app.adapters.encoder = BrokenPart(error)
        del app.search
        del app.embeddings
        assert call(search_by_blend, **make_customer_request()).status_code in (500, 503)
    output = telemetry.dump_all() + json.dumps(log_lines(), ensure_ascii=False)
    assert [secret for secret in SECRETS if secret in output] == []
    assert "unhandled error in search_by_blend" in output


def test_a_failure_is_logged_with_the_id_that_the_answer_carries(app, log_lines):
    app.adapters.index = app.adapters.encoder = BrokenPart(Unavailable("down"))
    response = call(embed_text, **as_json({"text": "red"}))
    [line] = [line for line in log_lines() if line["level"] == "WARNING"]
    assert line["request_id"] == response.headers["x-request-id"]
    assert line["function"] == "embed_text"


def test_wrong_settings_fail_the_call_and_not_its_telemetry(monkeypatch):
    monkeypatch.setenv("ORT_THREADS", "many")
    previous = use_models(None)
    try:
        assert call(embed_text, **as_json({"text": "red"})).status_code == 503
    finally:
        use_models(previous)
