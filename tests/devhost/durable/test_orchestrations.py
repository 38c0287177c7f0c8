"""Durable Functions through the real library in a real host process."""

import json
import time
from itertools import pairwise

import pytest

from tests.devhost.durable.durable_host import DurableAppHost
from tests.devhost.running_host import copy_app


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with DurableAppHost(copy_app("durable", tmp_path_factory.mktemp("durable"))) as running:
        yield running


@pytest.fixture
def app(tmp_path):
    return copy_app("durable", tmp_path)


def test_activities_one_after_the_other_and_their_custom_status(host):
    status = host.run("chain", 3)
    assert (status["runtimeStatus"], status["output"]) == ("Completed", [0, 2, 4])
    assert status["customStatus"] == {"done": 3}


def test_two_hundred_activities_at_a_time(host):
    assert host.run("fan_out", {"of": 200})["output"] == sum(2 * n for n in range(200))


def test_activities_run_in_parallel_and_no_more_than_host_json_says(app):
    with DurableAppHost(app, PYTHON_THREADPOOL_THREAD_COUNT="16") as host:
        started = time.monotonic()
        host.run("fan_out", {"of": 12, "takes": 0.5})  # 8 at a time
        seconds = time.monotonic() - started
    assert 1.0 <= seconds < 4.0
    begun = [event["at"] for event in host.events("work")]
    assert sum(at < begun[0] + 0.4 for at in begun) == 8


def test_sub_orchestrations_named_and_not(host):
    assert host.run("parent", 20)["output"] == [[0, 2, 4]] * 20
    assert host.status("of-parent-1")["runtimeStatus"] == "Completed"


def test_a_sub_orchestration_that_fails_raises_in_its_parent(host):
    status = host.run("failing_parent")
    assert status["runtimeStatus"] == "Failed"
    assert "Orchestrator function 'broken' failed: nothing works" in status["output"]
    child = host.status("of-failing_parent-child")
    assert child["output"] == "Orchestrator function 'broken' failed: nothing works"


def test_what_an_activity_raises_can_be_caught(host):
    status = host.run("caught")
    assert status["output"].startswith(
        "caught Activity function 'work' failed:  ValueError: attempt"
    )


@pytest.mark.parametrize(("fails", "state"), [(0, "Completed"), (2, "Completed"), (9, "Failed")])
def test_retries_wait_and_end(app, fails, state):
    with DurableAppHost(app) as host:
        status = host.run("with_retries", {"tries": 3, "fails": fails})
        tried = [event["at"] for event in host.events("work") if event["n"] == 1]
    assert status["runtimeStatus"] == state
    assert len(tried) == min(fails + 1, 3)
    assert all(late - early >= 0.05 for early, late in pairwise(tried))
    if state == "Completed":
        assert status["output"][-4:] == [4, 1, 2, 3]
    else:
        assert "attempt 3" in status["output"]


def test_a_timer_runs_out(host):
    assert host.run("waits", 0.3)["output"] == "too late"


def test_an_event_comes_before_the_timer_which_is_cancelled(host):
    host.start("waits", "answered", 600)
    host.send("raise_event", "answered", {"ok": True})
    assert json.loads(host.wait_until_ended("answered")["output"]["answer"]) == {"ok": True}


def test_events_that_nobody_waits_for_yet_survive_a_new_execution(host):
    host.start("collects", "eager", [3, []])
    for n in (1, 2, 3):
        host.send("raise_event", "eager", n)
    assert list(map(int, host.wait_until_ended("eager")["output"])) == [1, 2, 3]


def test_fifty_executions_and_a_history_of_the_last_one_alone(host):
    assert host.run("counts", [50, 0])["output"] == sum(range(51))
    assert [event["EventType"] for event in host.history("of-counts")] == [
        "ExecutionStarted",
        "TaskCompleted",
        "ExecutionCompleted",
    ]


def test_an_orchestrator_that_is_not_deterministic_is_recognised(host):
    status = host.run("fickle")
    assert status["runtimeStatus"] == "Failed"
    assert "Non-Deterministic" in status["output"]


@pytest.mark.parametrize(("at_once", "side_by_side"), [(True, True), (False, False)])
def test_of_new_and_old_tasks_the_host_waits_for_a_new_one(app, at_once, side_by_side):
    """Azure's host does too: a new task among old ones holds up all later work, unless the
    orchestrator waits for a timer beside it that fires at once."""
    with DurableAppHost(app, PYTHON_THREADPOOL_THREAD_COUNT="16") as host:
        options = {"of": 6, "takes": 0.5, "at_once": at_once}
        assert host.run("relay", options)["output"] == "done"
        begun = [event["at"] for event in host.events("work")]
    alone = [late - early > 0.45 for early, late in pairwise(begun)]
    assert (sum(alone) <= 2) == side_by_side


def test_a_retry_beside_other_tasks_is_not_deterministic(host):
    """In a replay, work after the ``task_any`` takes the number of the retry, as in Azure."""
    status = host.run("hasty")
    assert status["runtimeStatus"] == "Failed"
    assert "a timer task with sequence ID 2" in status["output"]


@pytest.mark.parametrize(("characters", "state"), [(4_095, "Completed"), (4_096, "Failed")])
def test_a_custom_status_of_more_than_16_kb_of_utf_16_fails_the_orchestration(
    host, characters, state
):
    host.start("talkative", f"talkative-{characters}", characters)
    status = host.wait_until_ended(f"talkative-{characters}")
    assert status["runtimeStatus"] == state
    assert ("16 KB" in str(status["output"])) == (state == "Failed")


VALUES = [
    None,
    0,
    1.5,
    True,
    "",
    "text",
    '{"a": 1}',
    "null",
    "12",
    "\u2028\U0001f600",
    [],
    {"a": [{}]},
]


def test_values_come_through_activities_and_sub_orchestrations_as_they_are(host):
    assert host.run("echoes", VALUES)["output"] == [VALUES, VALUES]
