"""The whole app with Microsoft's OpenTelemetry distribution, which sends to a server of ours."""

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
    """Application Insights as far as the exporter goes: takes everything."""

    def __init__(self):
        self.texts = []
        self.url = ""

    @property
    def items(self):
        return [item for text in list(self.texts) for item in json.loads(text)]

    def data(self, kind):
        found = [item["data"] for item in self.items]
        return [each["baseData"] for each in found if each["baseType"] == kind]

    def spans(self):
        return {each["name"]: each for each in self.data("RemoteDependencyData")}

    def metrics(self):
        return {m["name"]: m for each in self.data("MetricData") for m in each["metrics"]}


@contextmanager
def ingesting():
    taken = Ingestion()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            taken.texts.append(body.decode())
            count = len(json.loads(body))
            said = {"itemsReceived": count, "itemsAccepted": count, "errors": []}
            answer = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taken.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield taken
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What arrived after a customer's search by words and a picture, and the host's log."""
    with ingesting() as ingestion:
        where = f"InstrumentationKey={uuid.uuid4()};IngestionEndpoint={ingestion.url}"
        host = Host(
            tmp_path_factory.mktemp("told"),
            OPENTELEMETRY="true",
            APPLICATIONINSIGHTS_CONNECTION_STRING=where,
            LOG_FORMAT="json",
            **QUICK,
            **ALL,
            **NO_STATISTICS_OF_MICROSOFTS,
        )
        try:
            answer = host.client.post(
                "/api/v1/search-hybrid",
                data={"query": SECRETS[0]},
                files={"file": (SECRETS[2], picture("red"))},
                headers={"x-user-id": SECRETS[1], "x-request-id": "mine-1"},
            )
            assert answer.status_code == 200, answer.text
            eventually(
                lambda: {"search_by_blend", "embed"} <= ingestion.spans().keys(), "spans arrive"
            )
            eventually(lambda: "cold_start_ms" in ingestion.metrics(), "metrics arrive")
            yield ingestion, host.log
        finally:
            host.kill()


def test_a_search_is_a_span_with_its_stages_below_it(told):
    ingestion, _ = told
    spans = ingestion.spans()
    assert {"search_by_blend", "decode", "embed", "search"} <= spans.keys()
    call = spans["search_by_blend"]
    assert (call["type"], call["success"]) == ("InProc", True)
    properties = call["properties"]
    assert properties["request_id"] == "mine-1"
    assert properties["cold_start"] == "True"
    assert properties["status"] == "200"


def test_metrics_arrive_under_the_names_that_the_queries_use(told):
    ingestion, _ = told
    names = {"request_ms", "embed_ms", "decode_ms", "search_ms", "cold_starts", "cold_start_ms"}
    assert names <= ingestion.metrics().keys()


def test_nothing_that_the_customer_sent_leaves_the_app(told):
    ingestion, log = told
    texts = [*ingestion.texts, log.read_text()]
    assert [s for s in SECRETS if any(s in text for text in texts)] == []


def test_logs_are_left_to_the_host(told):
    ingestion, _ = told
    assert ingestion.data("MessageData") == ingestion.data("ExceptionData") == []


def test_the_exporter_does_not_log_each_of_its_transmissions(told):
    """Microsoft's logs a line at INFO for each, which is the level of the Functions worker."""
    ingestion, log = told
    assert ingestion.items
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert lines
    assert [line for line in lines if line["logger"].startswith(("azure", "opentelemetry"))] == []


def test_the_log_is_json_from_the_first_call_on(told):
    _, log = told
    lines = log.read_text().partition("Listening on")[2].splitlines()[1:]
    said = [json.loads(line) for line in lines]
    assert ["search-hybrid" in each["message"] for each in said].count(True) == 1
