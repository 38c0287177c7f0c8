"""Replays requests that were recorded on Azure's own host; recorded/README.md says how."""

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.devhost.running_host import RunningHost, copy_app

RECORDED = Path(__file__).parents[1] / "recorded" / "http.jsonl"
NOT_COMPARED = {"host", "connection"}

DIFFERENT: dict[str, str] = {}
"""Cases that the dev host answers in another way, with the reason; devhost/README.md lists them."""


def read_recordings():
    return [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with RunningHost(copy_app("routes", tmp_path_factory.mktemp("recorded"))) as running:
        yield running


def send_raw(host, request: str) -> tuple[int, dict]:
    """Returns the status, and what the function was called with where one was."""
    address = urlsplit(host.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request.encode("latin-1"))
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    _, brace, rest = body.partition(b"{")  # before it the length of the chunk
    call = json.JSONDecoder().raw_decode((brace + rest).decode())[0] if brace else {}
    return int(head.split()[1]), call


def find_differences(host, recording) -> list[str]:
    status, call = send_raw(host, recording["request"])
    call["headers"] = {k: v for k, v in call.get("headers", {}).items() if k not in NOT_COMPARED}
    if status != recording["status"]:
        return [f"status {status}, recorded {recording['status']}"]
    return [
        f"{key} {call.get(key)!r}, recorded {recording[key]!r}"
        for key in ("function", "params", "query", "headers", "body_length")
        if key in recording and call.get(key) != recording[key]
    ]


def test_recorded_requests_are_answered_as_by_azure(host):
    recordings = read_recordings()
    wrong = {r["case"]: faults for r in recordings if (faults := find_differences(host, r))}
    assert set(wrong) == set(DIFFERENT), "\n".join(
        f"{case}: {', '.join(faults)}" for case, faults in wrong.items() if case not in DIFFERENT
    )
    assert len(DIFFERENT) <= 0.02 * len(recordings)
