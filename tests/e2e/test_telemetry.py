"""The whole app with Microsoft's OpenTelemetry distribution, sending to a server of ours."""

import gzip
import json
import threading
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.host import Host, eventually
from tests.pictures import picture

SECRETS = ("scarlet ballgown", "ada-of-the-shop", "my-holiday.png")
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "200", "OTEL_METRIC_EXPORT_INTERVAL": "500"}
ALL = {"OTEL_TRACES_SAMPLER": "always_on"}
NO_STATISTICS_OF_MICROSOFTS = {"APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true"}


class Ingestion:
    """Application Insights as the exporter sees it: it accepts everything."""

    def __init__(self):
        self.texts = []
        self.url = ""

    @property
    def items(self):
        return [item for text in list(self.texts) for item in json.loads(text)]

    def get_data(self, kind):
        items = [item["data"] for item in self.items]
        return [item["baseData"] for item in items if item["baseType"] == kind]

    def get_spans(self):
        return {span["name"]: span for span in self.get_data("RemoteDependencyData")}

    def get_metrics(self):
        return {m["name"]: m for item in self.get_data("MetricData") for m in item["metrics"]}


@contextmanager
def serve_ingestion():
    ingestion = Ingestion()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            ingestion.texts.append(body.decode())
            count = len(json.loads(body))
            summary = {"itemsReceived": count, "itemsAccepted": count, "errors": []}
            response_body = json.dumps(summary).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(response_body)))
            self.end_headers()
            self.wfile.write(response_body)

        def log_message(self, *_):
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ingestion.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield ingestion
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def telemetry_and_log(tmp_path_factory):
    """After a customer's search by words and a picture: its telemetry, and the host's log."""
    with serve_ingestion() as ingestion:
        connection_string = f"InstrumentationKey={uuid.uuid4()};IngestionEndpoint={ingestion.url}"
        host = Host(
            tmp_path_factory.mktemp("telemetry"),
            OPENTELEMETRY="true",
            APPLICATIONINSIGHTS_CONNECTION_STRING=connection_string,
            LOG_FORMAT="json",
            **QUICK,
            **ALL,
            **NO_STATISTICS_OF_MICROSOFTS,
        )
        try:
            response = host.client.post(
                "/api/v1/search-hybrid",
                data={"query": SECRETS[0]},
                files={"file": (SECRETS[2], picture("red"))},
                headers={"x-user-id": SECRETS[1], "x-request-id": "mine-1"},
            )
            assert response.status_code == 200, response.text
            eventually(
                lambda: {"search_by_blend", "embed"} <= ingestion.get_spans().keys(), "spans arrive"
            )
            eventually(lambda: "cold_start_ms" in ingestion.get_metrics(), "metrics arrive")
            yield ingestion, host.log
        finally:
            host.kill()


def test_a_search_is_a_span_with_its_stages_below_it(telemetry_and_log):
    ingestion, _ = telemetry_and_log
    spans = ingestion.get_spans()
    assert {"search_by_blend", "decode", "embed", "search"} <= spans.keys()
    call = spans["search_by_blend"]
    assert (call["type"], call["success"]) == ("InProc", True)
    properties = call["properties"]
    assert properties["request_id"] == "mine-1"
    assert properties["cold_start"] == "True"
    assert properties["status"] == "200"


def test_metrics_arrive_under_the_names_that_the_queries_use(telemetry_and_log):
    ingestion, _ = telemetry_and_log
    names = {"request_ms", "embed_ms", "decode_ms", "search_ms", "cold_starts", "cold_start_ms"}
    assert names <= ingestion.get_metrics().keys()


def test_nothing_that_the_customer_sent_leaves_the_app(telemetry_and_log):
    ingestion, log = telemetry_and_log
    texts = [*ingestion.texts, log.read_text()]
    assert [s for s in SECRETS if any(s in text for text in texts)] == []


def test_logs_are_left_to_the_host(telemetry_and_log):
    ingestion, _ = telemetry_and_log
    assert ingestion.get_data("MessageData") == ingestion.get_data("ExceptionData") == []


def test_the_exporter_does_not_log_each_of_its_transmissions(telemetry_and_log):
    """Microsoft's exporter logs each at INFO, which is the level of the Functions worker."""
    ingestion, log = telemetry_and_log
    assert ingestion.items
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert lines
    assert [line for line in lines if line["logger"].startswith(("azure", "opentelemetry"))] == []


def test_the_log_is_json_from_the_first_call_on(telemetry_and_log):
    _, log = telemetry_and_log
    lines = log.read_text().partition("Listening on")[2].splitlines()[1:]
    entries = [json.loads(line) for line in lines]
    assert ["search-hybrid" in entry["message"] for entry in entries].count(True) == 1
