"""The HTTP API of Durable Functions, through the library's client and without it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from functions.durable import DurableClient
from tests.devhost.durable.durable_host import HOOKS, DurableAppHost
from tests.devhost.running_host import copy_app, eventually


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    app = copy_app("durable", tmp_path_factory.mktemp("durable"))
    with DurableAppHost(app, DEVHOST_TERMINATE_S="0.2") as running:
        yield running


def test_instances_are_listed_by_prefix_state_and_page(host):
    for n in range(3):
        host.start("chain", f"listed-{n}", 0)
        host.wait_until_ended(f"listed-{n}")
    names = ["listed-0", "listed-1", "listed-2"]
    assert host.client.get("/api/statuses/listed-").json() == names
    params = {"instanceIdPrefix": "listed-", "runtimeStatus": "Completed,Failed", "top": "2"}
    first = host.client.get(f"{HOOKS}/instances", params=params)
    token = {"x-ms-continuation-token": first.headers["x-ms-continuation-token"]}
    second = host.client.get(f"{HOOKS}/instances", params=params, headers=token)
    assert [status["instanceId"] for status in first.json() + second.json()] == names
    assert second.headers["x-ms-continuation-token"] == ""
    running = params | {"runtimeStatus": "Running"}
    assert host.client.get(f"{HOOKS}/instances", params=running).json() == []
    later = params | {"createdTimeFrom": "2999-01-01T00:00:00Z"}
    assert host.client.get(f"{HOOKS}/instances", params=later).json() == []


def test_an_instance_that_is_purged_is_gone(host):
    host.start("chain", "purged", 0)
    host.wait_until_ended("purged")
    assert host.send("purge", "purged") == "1"
    assert host.status("purged") is None
    assert host.send("purge", "purged") == "0"


def test_one_that_runs_is_not_started_again_and_one_that_has_ended_is(host):
    host.start("waits", "twice", 600)
    again = host.client.post(f"{HOOKS}/orchestrators/waits/twice", content="600")
    assert again.status_code == 409
    host.send("terminate", "twice")
    host.wait_until_ended("twice")
    host.start("chain", "twice", 1)
    assert host.wait_until_ended("twice")["output"] == [0]


def test_one_is_started_again_with_its_input(host):
    host.start("chain", "first", 2)
    host.wait_until_ended("first")
    again = host.client.post(f"{HOOKS}/instances/first/restart").json()["id"]
    assert again != "first"
    assert host.wait_until_ended(again)["output"] == [0, 2]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "orchestrators/nobody", 202),
        ("POST", "orchestrators/work", 202),
        ("POST", f"orchestrators/chain/{'x' * 101}", 400),
        ("GET", "instances/nobody", 404),
        ("POST", "instances/nobody/terminate", 404),
        ("POST", "instances/nobody/raiseEvent/answer", 404),
        ("POST", "instances/over/raiseEvent/answer", 410),
        ("POST", "instances/over/terminate", 410),
        ("POST", "instances/over/rewind", 412),
        ("POST", "instances/over/nonsense", 404),
        ("PUT", "instances/over", 404),
        ("DELETE", "instances/nobody", 404),
        ("GET", "instances?top=-1", 500),
        ("GET", "instances?top=many", 200),
        ("GET", "instances?createdTimeFrom=yesterday", 200),
        ("GET", "instances?runtimeStatus=Nonsense", 200),
        ("POST", "orchestrators/chain/a%00b", 400),
    ],
)
def test_what_cannot_be_done_is_answered_as_azure_does(host, method, path, status):
    if "over" in path:
        host.start("chain", "over", 0)
        host.wait_until_ended("over")
    assert host.client.request(method, f"{HOOKS}/{path}").status_code == status


@pytest.mark.parametrize(
    ("path", "status"), [("orchestrators/chain", 500), ("instances/awake/raiseEvent/answer", 400)]
)
def test_a_body_that_is_no_json_is_refused(host, path, status):
    if "awake" in path:
        host.start("waits", "awake", 600)
    for body in (b"{", b"\xff"):
        response = host.client.post(f"{HOOKS}/{path}", content=body)
        assert response.status_code == status


def test_an_orchestrator_that_nobody_knows_is_started_and_fails(host):
    host.client.post(f"{HOOKS}/orchestrators/nobody/lost").raise_for_status()
    assert "'nobody' doesn't exist" in host.wait_until_ended("lost")["output"]


def test_a_page_holds_a_hundred_and_the_app_reads_them_all(host):
    for n in range(130):
        host.client.post(f"{HOOKS}/orchestrators/same/many-{n:03}", content="0").raise_for_status()
    host.start("waits", "many-waiting", 600)
    query = {"instanceIdPrefix": "many-"}
    assert len(host.client.get(f"{HOOKS}/instances", params=query).json()) == 100
    client = DurableClient(None, f"{host.url}{HOOKS}/")

    def ids(**options):
        return [job.instance_id for job in asyncio.run(client.list_instances("many-", **options))]

    assert ids() == [*(f"many-{n:03}" for n in range(130)), "many-waiting"]
    eventually(lambda: ids(statuses=["Pending", "Running"]) == ["many-waiting"], "the others ended")
    assert ids(since=datetime.now(UTC) + timedelta(hours=1)) == []


def test_a_child_names_its_parent(host):
    host.run("parent", 2)
    status = host.client.get(f"{HOOKS}/instances/of-parent-1").json()
    assert status["parentInstanceId"] == "of-parent"


def test_a_status_leaves_the_input_out_on_request(host):
    host.start("chain", "silent", 1)
    host.wait_until_ended("silent")
    status = host.client.get(f"{HOOKS}/instances/silent?showInput=false").json()
    assert (status["input"], status["output"]) == (None, [0])
