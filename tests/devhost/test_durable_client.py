"""The HTTP API of Durable Functions, through the library's client and without it."""

import pytest

from tests.devhost.durable import HOOKS, Durable
from tests.devhost.running import copied


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with Durable(copied("durable", tmp_path_factory.mktemp("durable"))) as running:
        yield running


def test_instances_are_listed_by_prefix_state_and_page(host):
    for n in range(3):
        host.start("chain", f"listed-{n}", 0)
        host.ended(f"listed-{n}")
    names = ["listed-0", "listed-1", "listed-2"]
    assert host.client.get("/api/statuses/listed-").json() == names
    asked = {"instanceIdPrefix": "listed-", "runtimeStatus": "Completed,Failed", "top": "2"}
    first = host.client.get(f"{HOOKS}/instances", params=asked)
    token = {"x-ms-continuation-token": first.headers["x-ms-continuation-token"]}
    second = host.client.get(f"{HOOKS}/instances", params=asked, headers=token)
    assert [each["instanceId"] for each in first.json() + second.json()] == names
    assert "x-ms-continuation-token" not in second.headers
    running = asked | {"runtimeStatus": "Running"}
    assert host.client.get(f"{HOOKS}/instances", params=running).json() == []
    later = asked | {"createdTimeFrom": "2999-01-01T00:00:00Z"}
    assert host.client.get(f"{HOOKS}/instances", params=later).json() == []


def test_an_instance_that_is_purged_is_gone(host):
    host.start("chain", "purged", 0)
    host.ended("purged")
    assert host.tell("purge", "purged") == "1"
    assert host.status("purged") is None
    assert host.tell("purge", "purged") == "0"


def test_one_that_runs_is_not_started_again_and_one_that_has_ended_is(host):
    host.start("waits", "twice", 600)
    again = host.client.post(f"{HOOKS}/orchestrators/waits/twice", content="600")
    assert again.status_code == 409
    host.tell("terminate", "twice")
    host.start("chain", "twice", 1)
    assert host.ended("twice")["output"] == [0]


def test_one_is_started_again_with_its_input(host):
    host.start("chain", "first", 2)
    host.ended("first")
    again = host.client.post(f"{HOOKS}/instances/first/restart").json()["id"]
    assert again != "first"
    assert host.ended(again)["output"] == [0, 2]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "orchestrators/nobody", 400),
        ("POST", "orchestrators/work", 400),
        ("POST", f"orchestrators/chain/{'x' * 101}", 400),
        ("GET", "instances/nobody", 404),
        ("POST", "instances/nobody/terminate", 404),
        ("POST", "instances/nobody/raiseEvent/answer", 404),
        ("POST", "instances/over/raiseEvent/answer", 410),
        ("POST", "instances/over/terminate", 410),
        ("POST", "instances/over/rewind", 501),
        ("DELETE", "instances/nobody", 404),
        ("GET", "instances?top=0", 400),
        ("GET", "instances?top=many", 400),
        ("GET", "instances?createdTimeFrom=yesterday", 400),
        ("POST", "orchestrators/chain/a%00b", 400),
    ],
)
def test_what_cannot_be_done_is_answered_as_azure_does(host, method, path, status):
    if "over" in path:
        host.start("chain", "over", 0)
        host.ended("over")
    assert host.client.request(method, f"{HOOKS}/{path}").status_code == status


@pytest.mark.parametrize("path", ["orchestrators/chain", "instances/awake/raiseEvent/answer"])
def test_a_body_that_is_no_json_is_refused(host, path):
    if "awake" in path:
        host.start("waits", "awake", 600)
    for body in (b"{", b"\xff"):
        answer = host.client.post(f"{HOOKS}/{path}", content=body)
        assert (answer.status_code, answer.text[:21]) == (400, "The body must be JSON")
