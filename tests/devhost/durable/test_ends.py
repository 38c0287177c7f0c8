"""Orchestrations that are ended or put to sleep, and hosts that are killed."""

import time

import pytest

from tests.devhost.durable.durable_host import DurableAppHost
from tests.devhost.running_host import copy_app, eventually


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with DurableAppHost(copy_app("durable", tmp_path_factory.mktemp("durable"))) as running:
        yield running


@pytest.fixture
def app(tmp_path):
    return copy_app("durable", tmp_path)


def test_a_termination_takes_effect_after_a_while(app):
    """Its activities that were queued by then still run, as in Azure."""
    with DurableAppHost(
        app, PYTHON_THREADPOOL_THREAD_COUNT="16", DEVHOST_TERMINATE_S="0.5"
    ) as host:
        host.start("fan_out", "long", {"of": 24, "takes": 0.2})
        eventually(lambda: host.events("work"), "it has begun")
        assert host.send("terminate", "long") == "ok"
        assert host.status("long")["runtimeStatus"] == "Running"
        assert host.wait_until_ended("long")["output"] == "because"
        eventually(lambda: len(host.events("work")) == 24, "what was queued has run")
        assert host.status("long")["runtimeStatus"] == "Terminated"


def test_one_that_is_terminated_begins_nothing_more(app):
    with DurableAppHost(app, DEVHOST_TERMINATE_S="0.5") as host:
        host.start("relay", "long", {"of": 100, "takes": 0.3, "at_once": True})
        eventually(lambda: host.events("work"), "it has begun")
        host.send("terminate", "long")
        host.wait_until_ended("long")
        time.sleep(0.4)  # what was begun in the meantime
        begun = len(host.events("work"))
        time.sleep(1)
        assert len(host.events("work")) == begun < 20


def test_a_termination_is_not_forgotten_with_the_host_nor_meant_for_the_next_one(app):
    with DurableAppHost(app, DEVHOST_TERMINATE_S="3") as host:
        host.start("waits", "doomed", 600)
        host.start("waits", "answered", 600)
        for instance in ("doomed", "answered"):
            host.send("terminate", instance)
        host.send("raise_event", "answered", 1)
        assert host.wait_until_ended("answered")["runtimeStatus"] == "Completed"
        host.start("waits", "answered", 600)
    with DurableAppHost(app) as host:
        assert host.wait_until_ended("doomed")["runtimeStatus"] == "Terminated"
        time.sleep(1)
        assert host.status("answered")["runtimeStatus"] == "Running"


def test_activities_of_what_was_terminated_still_count_while_they_run(app):
    with DurableAppHost(
        app, PYTHON_THREADPOOL_THREAD_COUNT="24", DEVHOST_TERMINATE_S="0.1"
    ) as host:
        for instance in ("one", "other"):
            before = len(host.events("work"))
            host.start("fan_out", instance, {"of": 8, "takes": 2})
            if instance == "one":
                eventually(lambda: len(host.events("work")) == 8, "as many as host.json says")
                host.send("terminate", instance)
        time.sleep(0.5)
        assert len(host.events("work")) == before == 8


def test_one_that_is_suspended_goes_on_when_it_is_resumed(host):
    host.start("waits", "asleep", 600)
    host.send("suspend", "asleep")
    host.send("raise_event", "asleep", 1)
    time.sleep(0.3)
    assert host.status("asleep")["runtimeStatus"] == "Suspended"
    host.send("resume", "asleep")
    assert host.wait_until_ended("asleep")["output"] == {"answer": "1"}


def test_a_host_that_is_killed_again_and_again_loses_nothing(app):
    """Events are sent between kills; their order and each execution's input are kept."""
    inputs = {
        "fan_out": {"of": 80, "takes": 0.02},
        "parent": 8,
        "counts": [30, 0],
        "collects": [12, []],
    }
    for turn in range(6):
        with DurableAppHost(app) as host:
            for name, value in inputs.items() if turn == 0 else ():
                host.start(name, name, value)
            for n in (2 * turn, 2 * turn + 1):
                host.send("raise_event", "collects", n)
            time.sleep(0.1 * turn)
            host.kill()
            host.process.wait()
    with DurableAppHost(app) as host:
        assert host.wait_until_ended("fan_out")["output"] == sum(2 * n for n in range(80))
        assert host.wait_until_ended("parent")["output"] == [[0, 2, 4]] * 8
        assert host.wait_until_ended("counts")["output"] == sum(range(31))
        assert list(map(int, host.wait_until_ended("collects")["output"])) == list(range(12))


def test_a_killed_host_goes_on_where_it_was(app):
    with DurableAppHost(app) as host:
        host.start("fan_out", "big", {"of": 60, "takes": 0.1})
        host.start("waits", "patient", 2)
        host.start("parent", "family", 6)
        eventually(lambda: len(host.events("work")) > 20, "some are done")
        host.kill()
        host.process.wait()
        done = len(host.events("work"))
    assert done < 60 + 18
    with DurableAppHost(app) as host:
        assert host.wait_until_ended("big")["output"] == sum(2 * n for n in range(60))
        assert host.wait_until_ended("family")["output"] == [[0, 2, 4]] * 6
        assert host.wait_until_ended("patient")["output"] == "too late"
        twice = len([event for event in host.events("work") if "takes" in event]) - 60
    assert 0 <= twice <= 8  # those whose result was not stored yet
