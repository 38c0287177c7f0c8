"""What is told of a call through its function: with OpenTelemetry's SDK, and with JSON logs."""

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

from functions.embed import embed_text
from functions.ingest import blob_changed
from functions.products import index_product_with_image
from functions.search import search_by_blend, search_by_text
from shared_code.adapters.telemetry.azure_monitor import BackgroundTelemetry
from shared_code.adapters.telemetry.emitter import Emitter
from shared_code.adapters.telemetry.json_logs import JsonLineFormatter
from shared_code.app import use_models
from shared_code.domain.errors import Unavailable
from tests.functions.conftest import as_form, as_json, call, http_request
from tests.pictures import picture

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRETS = ("scarlet ballgown", "ada@example.com", "my-holiday.png", "PNG")
"""What a customer of a shop sends: words, a name, a file and its content."""


class Trace:
    trace_parent = f"00-{TRACE}-{SPAN}-01"


class Context:
    """As the worker passes it."""

    invocation_id = "9b1c"
    trace_context = Trace()


class Told:
    def __init__(self, app):
        self._app = app
        self._spans, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers, self.meters = TracerProvider(), MeterProvider([self._reader])
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        emitter = Emitter(tracers.get_tracer("t"), self.meters.get_meter("t"))
        app.adapters.telemetry = BackgroundTelemetry(lambda: emitter)

    def spans(self):
        self._app.adapters.telemetry.flush()
        return self._spans.get_finished_spans()

    def everything(self):
        spans = "".join(span.to_json() for span in self.spans())
        return spans + self._reader.get_metrics_data().to_json()


@pytest.fixture
def told(app):
    telling = Told(app)
    yield telling
    telling.meters.shutdown()


@pytest.fixture
def logged():
    """All that is logged, as JSON."""
    written, root = io.StringIO(), logging.getLogger()
    handler, before = logging.StreamHandler(written), root.level
    handler.setFormatter(JsonLineFormatter())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


class Broken:
    def __init__(self, error):
        self._error = error

    def __getattr__(self, name):
        raise self._error


def of_a_customer():
    """A search by a text and a picture, by somebody."""
    form = as_form({"query": SECRETS[0]}, [("file", SECRETS[2], picture("red"))])
    form["headers"] |= {"x-user-id": SECRETS[1]}
    return form


def test_a_search_is_told_with_its_stages(told):
    request = as_json({"query": "red"})
    request["headers"]["x-request-id"] = "mine-1"
    search_by_text(http_request(**request), context=Context())
    spans = {span.name: span for span in told.spans()}
    call_of = spans["search_by_text"]
    assert {"search"} <= spans.keys() - {"search_by_text"}
    assert f"{call_of.context.trace_id:032x}" == TRACE
    assert call_of.attributes["request_id"] == "mine-1"
    assert call_of.attributes["status"] == 200
    assert all(
        span.parent.span_id == call_of.context.span_id
        for span in spans.values()
        if span is not call_of
    )


def test_the_answers_status_is_told(told, app):
    call(search_by_text, **as_json({"query": ""}))
    app.adapters.index = Broken(Unavailable("down"))
    del app.search
    call(search_by_text, **as_json({"query": "red"}))
    statuses = [s.attributes["status"] for s in told.spans() if s.attributes]
    assert statuses == [422, 503]


def test_an_event_is_told_under_the_hosts_id(told):
    blob_changed(func.blob.InputStream(data=b"", name="images/gone.png"), context=Context())
    [call_of] = [span for span in told.spans() if span.name == "blob_changed"]
    assert call_of.attributes["request_id"] == "9b1c"
    assert f"{call_of.context.trace_id:032x}" == TRACE


def test_an_event_that_fails_is_told_as_failed_and_raises(told, app):
    app.blob_events = Broken(Unavailable("down"))
    with pytest.raises(Unavailable):
        blob_changed(func.blob.InputStream(data=b"", name="images/gone.png"))
    [call_of] = told.spans()
    assert call_of.attributes["status"] == 500


def test_nothing_that_somebody_sent_is_told_or_logged(told, app, logged):
    """In calls that succeed, that are refused, that meet an outage and that meet a bug."""
    fields = {"product_id": "p", "name": "P"}
    call(index_product_with_image, **as_form(fields, [("image_file", "a.png", picture("red"))]))
    assert call(search_by_blend, **of_a_customer()).status_code == 200
    refused = as_form({"query": SECRETS[0], "limit": "x"}, [("file", SECRETS[2], b"\x89PNG no")])
    assert call(search_by_blend, **refused).status_code == 422
    for error in (Unavailable("down"), ValueError(f"bug about {SECRETS}")):
        app.adapters.index = app.adapters.encoder = Broken(error)
        del app.search
        del app.embeddings
        assert call(search_by_blend, **of_a_customer()).status_code in (500, 503)
    told_and_logged = told.everything() + json.dumps(logged(), ensure_ascii=False)
    assert [secret for secret in SECRETS if secret in told_and_logged] == []
    assert "unhandled error in search_by_blend" in told_and_logged


def test_a_failure_is_logged_with_the_id_that_the_answer_carries(app, logged):
    app.adapters.index = app.adapters.encoder = Broken(Unavailable("down"))
    response = call(embed_text, **as_json({"text": "red"}))
    [line] = [each for each in logged() if each["level"] == "WARNING"]
    assert line["request_id"] == response.headers["x-request-id"]
    assert line["function"] == "embed_text"


def test_settings_that_are_wrong_fail_the_call_and_not_the_telling(monkeypatch):
    monkeypatch.setenv("ORT_THREADS", "many")
    previous = use_models(None)
    try:
        assert call(embed_text, **as_json({"text": "red"})).status_code == 503
    finally:
        use_models(previous)
