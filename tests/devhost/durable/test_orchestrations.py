"""Durable Functions through the real library in a real host process."""

import json
import time
from itertools import pairwise

import pytest

from tests.devhost.durable.durable_host import Durable
from tests.devhost.running_host import copied


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with Durable(copied("durable", tmp_path_factory.mktemp("durable"))) as running:
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
    child = host.status("of-failing_parent-child")
    assert child["output"] == "Orchestrator function 'broken' failed: nothing works"


def test_what_an_activity_raises_can_be_caught(host):
    found = host.run("caught")
    assert found["output"].startswith(
        "caught Activity function 'work' failed:  ValueError: attempt"
    )


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


@pytest.mark.parametrize(("at_once", "side_by_side"), [(True, True), (False, False)])
def test_of_new_and_old_tasks_the_host_waits_for_a_new_one(app, at_once, side_by_side):
    """As Azure's host: among old tasks one that is new holds up whatever is asked for later, unless
    a timer that runs out at once is waited for beside it."""
    with Durable(app, PYTHON_THREADPOOL_THREAD_COUNT="16") as host:
        given = {"of": 6, "takes": 0.5, "at_once": at_once}
        assert host.run("relay", given)["output"] == "done"
        begun = [each["at"] for each in host.events("work")]
    alone = [late - early > 0.45 for early, late in pairwise(begun)]
    assert (sum(alone) <= 2) == side_by_side


def test_a_retry_beside_other_tasks_is_not_deterministic(host):
    """As in Azure: replayed, what comes after the ``task_any`` takes the number of the retry."""
    found = host.run("hasty")
    assert found["runtimeStatus"] == "Failed"
    assert "a timer task with sequence ID 2" in found["output"]


@pytest.mark.parametrize(("characters", "state"), [(4_095, "Completed"), (4_096, "Failed")])
def test_a_custom_status_of_more_than_16_kb_of_utf_16_fails_the_orchestration(
    host, characters, state
):
    host.start("talkative", f"talkative-{characters}", characters)
    found = host.ended(f"talkative-{characters}")
    assert found["runtimeStatus"] == state
    assert ("16 KB" in str(found["output"])) == (state == "Failed")


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
