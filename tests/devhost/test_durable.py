"""Durable Functions through the real library in a real host process."""

import json
import time
from itertools import pairwise

import pytest

from tests.devhost.running import Running, copied, eventually

HOOKS = "/runtime/webhooks/durabletask"


class Durable(Running):
    def start(self, name, instance, given=None):
        body = json.dumps(given)
        response = self.client.post(f"/api/start/{name}/{instance}", content=body)
        assert response.status_code == 202, response.text
        assert response.headers["location"].endswith(f"{HOOKS}/instances/{instance}")
        return instance

    def tell(self, verb, instance, given=None):
        response = self.client.post(f"/api/tell/{verb}/{instance}", content=json.dumps(given))
        return response.raise_for_status().text

    def status(self, instance):
        """As the library's client sees it; None for an instance that is not there."""
        return self.client.get(f"/api/status/{instance}").raise_for_status().json()

    def is_in(self, instance, *states):
        return self.status(instance)["runtimeStatus"] in states

    def ended(self, instance, *, seconds=20.0):
        states = ("Completed", "Failed", "Terminated")
        eventually(lambda: self.is_in(instance, *states), f"{instance} has ended", seconds=seconds)
        return self.status(instance)

    def run(self, name, given=None, *, seconds=20.0):
        return self.ended(self.start(name, f"of-{name}", given), seconds=seconds)

    def history(self, instance):
        asked = {"showHistory": "true", "showHistoryOutput": "true"}
        found = self.client.get(f"{HOOKS}/instances/{instance}", params=asked).json()
        return found["historyEvents"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return copied("durable", tmp_path_factory.mktemp("durable"))


@pytest.fixture(scope="module")
def host(folder):
    with Durable(folder) as running:
        yield running


@pytest.fixture
def app(tmp_path):
    return copied("durable", tmp_path)


def test_activities_one_after_the_other_and_what_it_says_of_itself(host):
    found = host.run("chain", 3)
    assert (found["runtimeStatus"], found["output"]) == ("Completed", [0, 2, 4])
    assert found["customStatus"] == {"done": 3}


def test_two_hundred_activities_at_a_time(host):
    assert host.run("fan_out", {"of": 200})["output"] == sum(2 * n for n in range(200))


def test_activities_run_in_parallel_and_no_more_than_host_json_says(app):
    with Durable(app, PYTHON_THREADPOOL_THREAD_COUNT="16") as host:
        began = time.monotonic()
        host.run("fan_out", {"of": 12, "takes": 0.5})  # 8 at a time
        took = time.monotonic() - began
    assert 1.0 <= took < 4.0
    begun = [each["at"] for each in host.events("work")]
    assert sum(at < begun[0] + 0.4 for at in begun) == 8


def test_sub_orchestrations_named_and_not(host):
    assert host.run("parent", 20)["output"] == [[0, 2, 4]] * 20
    assert host.status("of-parent-1")["runtimeStatus"] == "Completed"


def test_a_sub_orchestration_that_fails_raises_in_its_parent(host):
    found = host.run("failing_parent")
    assert found["runtimeStatus"] == "Failed"
    assert "Orchestrator function 'broken' failed: nothing works" in found["output"]
    assert host.status("of-failing_parent-child")["output"] == "nothing works"


def test_what_an_activity_raises_can_be_caught(host):
    found = host.run("caught")
    assert found["output"].startswith("caught Activity function 'work' failed: ValueError: attempt")


@pytest.mark.parametrize(("fails", "state"), [(0, "Completed"), (2, "Completed"), (9, "Failed")])
def test_retries_wait_and_end(app, fails, state):
    with Durable(app) as host:
        found = host.run("retried", {"tries": 3, "fails": fails})
        tried = [each["at"] for each in host.events("work") if each["n"] == 1]
    assert found["runtimeStatus"] == state
    assert len(tried) == min(fails + 1, 3)
    assert all(late - early >= 0.05 for early, late in pairwise(tried))
    if state == "Completed":
        assert found["output"][-4:] == [4, 1, 2, 3]
    else:
        assert "attempt 3" in found["output"]


def test_a_timer_runs_out(host):
    assert host.run("waits", 0.3)["output"] == "too late"


def test_an_event_comes_before_the_timer_which_is_cancelled(host):
    host.start("waits", "answered", 600)
    host.tell("raise_event", "answered", {"ok": True})
    assert json.loads(host.ended("answered")["output"]["answer"]) == {"ok": True}


def test_events_that_nobody_waits_for_yet_survive_a_new_execution(host):
    host.start("collects", "eager", [3, []])
    for n in (1, 2, 3):
        host.tell("raise_event", "eager", n)
    assert list(map(int, host.ended("eager")["output"])) == [1, 2, 3]


def test_fifty_executions_and_a_history_of_the_last_one_alone(host):
    assert host.run("counts", [50, 0])["output"] == sum(range(51))
    assert [each["EventType"] for each in host.history("of-counts")] == [
        "ExecutionStarted",
        "TaskCompleted",
        "ExecutionCompleted",
    ]


def test_an_orchestrator_that_is_not_deterministic_is_found_out(host):
    found = host.run("fickle")
    assert found["runtimeStatus"] == "Failed"
    assert "Non-Deterministic" in found["output"]


def test_one_that_is_terminated_begins_nothing_more(app):
    with Durable(app, PYTHON_THREADPOOL_THREAD_COUNT="16") as host:
        host.start("fan_out", "long", {"of": 100, "takes": 0.2})
        eventually(lambda: host.events("work"), "it has begun")
        assert host.tell("terminate", "long") == "ok"
        assert host.ended("long")["output"] == "because"
        begun = len(host.events("work"))
        time.sleep(0.6)
        assert len(host.events("work")) == begun < 100


def test_one_that_is_suspended_goes_on_when_it_is_resumed(host):
    host.start("waits", "asleep", 600)
    host.tell("suspend", "asleep")
    host.tell("raise_event", "asleep", 1)
    time.sleep(0.3)
    assert host.status("asleep")["runtimeStatus"] == "Suspended"
    host.tell("resume", "asleep")
    assert host.ended("asleep")["output"] == {"answer": "1"}


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
    ],
)
def test_what_cannot_be_done_is_answered_as_azure_does(host, method, path, status):
    if "over" in path:
        host.start("chain", "over", 0)
        host.ended("over")
    assert host.client.request(method, f"{HOOKS}/{path}").status_code == status


def test_a_killed_host_goes_on_where_it_was(app):
    with Durable(app) as host:
        host.start("fan_out", "big", {"of": 60, "takes": 0.1})
        host.start("waits", "patient", 2)
        host.start("parent", "family", 6)
        eventually(lambda: len(host.events("work")) > 20, "some are done")
        host.kill()
        host.process.wait()
        done = len(host.events("work"))
    assert done < 60 + 18
    with Durable(app) as host:
        assert host.ended("big")["output"] == sum(2 * n for n in range(60))
        assert host.ended("family")["output"] == [[0, 2, 4]] * 6
        assert host.ended("patient")["output"] == "too late"
        twice = len([each for each in host.events("work") if "takes" in each]) - 60
    assert 0 <= twice <= 8  # those whose result was not kept yet
