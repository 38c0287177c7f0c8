"""The HTTP API of Durable Functions against what Azure's extension answered (3.19, on Azurite).

``azure/durable.jsonl`` holds its responses in the order of the requests. Bodies were recorded where
they are short, lengths always.
"""

import json
import re
from pathlib import Path

import pytest

from devhost import ROOT
from tests.devhost.durable.durable_host import HOOKS, DurableAppHost
from tests.devhost.running_host import copy_app, copy_app_from, eventually

RECORDS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "azure" / "durable.jsonl").read_text().splitlines()
]
JOBS = ("a job whose activity fails", "a job that completes")
REQUESTS = [record for record in RECORDS if record["about"] not in JOBS]
INPUTS = {
    "start again completed": {"a": 2},
    "start again failed": {"a": 2},
    "start again terminated": {"a": 3},
}
LINKS = {
    *("id", "statusQueryGetUri", "sendEventPostUri", "terminatePostUri", "rewindPostUri"),
    *("purgeHistoryDeleteUri", "restartPostUri", "suspendPostUri", "resumePostUri"),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    app = copy_app("recorded", tmp_path_factory.mktemp("recorded"))
    with DurableAppHost(app, DEVHOST_TERMINATE_S="0.3") as running:
        yield running


def make_body(record) -> bytes:
    """Returns an input as the library's client sends it: JSON within JSON."""
    method, path = record["request"].split(" ")
    if method != "POST" or not path.startswith("orchestrators/") or path.endswith(("/x4", "/w2")):
        return b""
    if path.endswith("/x3"):
        return b"{"
    default = {"a": 1}
    if path.endswith("/q1"):
        default = {"a": 1, "b": None, "t": "2026-01-01T00:00:00Z"}
    return json.dumps(json.dumps(INPUTS.get(record["about"], default))).encode()


def send_request(host, record):
    """Repeats a GET until its body has the recorded length: orchestrations take their time."""
    method, path = record["request"].split(" ")

    def send():
        return host.client.request(method, f"{HOOKS}/{path}", content=make_body(record))

    if method == "GET" and record["status"] != 404 and "History" not in path:
        eventually(lambda: len(send().content) == record["length"], record["request"], seconds=5)
    return send()


def prepare(host, before, record):
    """Sends the requests between two records that were not recorded."""
    if before["status"] == 500 and "suspend" in before["request"]:
        host.client.post(f"{HOOKS}/instances/w1/resume?reason=why").raise_for_status()
    if record["request"] == "DELETE instances/w2":
        url = f"{HOOKS}/instances/w2"
        eventually(lambda: "Running" in host.client.get(url).text, "it waits")
    if '"Terminated"' in json.dumps(record.get("body")):
        reason = "cancelled by DELETE jobs"
        host.client.post(f"{HOOKS}/instances/w1/terminate?reason={reason}").raise_for_status()


def read_headers(response) -> dict[str, str]:
    names = ("Content-Type", "Location", "Retry-After")
    headers = {name: response.headers[name] for name in names if name in response.headers}
    if "Location" in headers:
        assert f"{HOOKS}/instances/" in headers["Location"]
        headers["Location"] = "(the status address)"
    return headers


def mask_times(value) -> str:
    return TIME.sub("(a time)", json.dumps(value))


def test_every_recorded_request_is_answered_as_recorded(host):
    differences = []
    for before, record in zip([RECORDS[0], *REQUESTS], REQUESTS, strict=False):
        prepare(host, before, record)
        response = send_request(host, record)
        actual = (response.status_code, read_headers(response))
        if actual != (record["status"], record["headers"]):
            differences.append((record["request"], actual))
        if bool(response.content) != bool(record["length"]):
            differences.append((record["request"], response.text))
        if "body" in record and mask_times(response.json()) != mask_times(record["body"]):
            differences.append((record["request"], response.text))
        if record["status"] == 202 and "orchestrators/" in record["request"]:
            assert set(response.json()) == LINKS
    assert differences == []
    assert len(REQUESTS) == 52


def test_a_failure_comes_through_its_orchestrations_as_recorded(host):
    """The words are the same, and .NET's exception and stack are at the same places; only their
    contents differ."""
    [record] = [record["body"] for record in RECORDS if record["about"] == JOBS[0]]
    host.client.post(f"{HOOKS}/orchestrators/bulk_job/job-g1").raise_for_status()
    url = f"{HOOKS}/instances/job-g1"
    eventually(lambda: host.client.get(url).status_code == 200, "it has ended")
    status = host.client.get(url).json()
    assert status["runtimeStatus"] == record["runtimeStatus"]
    assert mask_details(status["output"]) == mask_details(record["output"])


def mask_details(output: str) -> str:
    output = re.sub(r'\{"\$type".*?"WatsonBuckets":null\}', "(exception)", output)
    return re.sub(r"StackTrace:    at .*", "(stack)", output, flags=re.DOTALL)


def test_a_bulk_job_that_completes_is_shown_as_recorded(tmp_path):
    """The app's own orchestrations, over stand-in activities."""
    [record] = [record["body"] for record in RECORDS if record["about"] == JOBS[1]]
    app = ROOT / "benchmarks" / "orchestration_app"
    with DurableAppHost(copy_app_from(app, tmp_path)) as host:
        job_input = json.dumps(record["input"]).encode()
        path = f"{HOOKS}/orchestrators/bulk_job/job-g2"
        host.client.post(path, content=job_input).raise_for_status()
        url = f"{HOOKS}/instances/job-g2"
        eventually(lambda: host.client.get(url).status_code == 200, "it has ended")
        status = host.client.get(url).json()
    assert mask_times(status) == mask_times(record)
