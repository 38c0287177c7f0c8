"""Histories against what Microsoft documents and its library expects.

Facts, by their sources: the numbers of events are ``HistoryEventType`` of azure-functions-durable;
the fields, those that its executor reads and its tests' ``ContextBuilder`` writes; what the HTTP
API shows is the example of "HTTP API reference" (Durable Functions documentation), whose three
activities in a row are ``chain`` here.
"""

import asyncio
import json

from azure.durable_functions.models.history import HistoryEvent, HistoryEventType

from devhost.durable.events import Kind
from devhost.durable.hub import Hub
from devhost.durable.responses import shown
from devhost.durable.store import Store
from devhost.durable.tables import ENDED, Parent
from devhost.durable.worker import Answer, Worker
from devhost.project import DurableOptions
from devhost.state import State

DOCUMENTED = [
    ("ExecutionStarted", {"FunctionName", "Timestamp"}),
    *[("TaskCompleted", {"FunctionName", "Result", "ScheduledTime", "Timestamp"})] * 3,
    ("ExecutionCompleted", {"OrchestrationStatus", "Result", "Timestamp"}),
]
"""The example's events and their fields."""

IN_STORAGE = [
    *("OrchestratorStarted", "ExecutionStarted", "TaskScheduled", "OrchestratorCompleted"),
    *("OrchestratorStarted", "TaskCompleted", "TaskScheduled", "OrchestratorCompleted"),
    *("OrchestratorStarted", "TaskCompleted", "TaskScheduled", "OrchestratorCompleted"),
    *("OrchestratorStarted", "TaskCompleted", "ExecutionCompleted", "OrchestratorCompleted"),
]
"""The same in Azure Storage, by the history table of "Checkpoints and replay": each run of an
orchestrator between two marks."""


def snake(name):
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_")


def test_events_have_the_numbers_of_the_library():
    numbers = {member.name: member.value for member in HistoryEventType}
    assert {snake(kind.name).upper(): kind.value for kind in Kind}.items() <= numbers.items()


class Scripted(Worker):
    """An orchestrator of three activities in a row, by its answers alone."""

    def __init__(self):
        pass

    async def orchestrate(self, name, history, about):
        done = sum(each["EventType"] == Kind.TaskCompleted for each in history)
        asked = [{"actionType": 0, "functionName": "E1_SayHello", "input": '"x"'}] * min(
            done + 1, 3
        )
        return Answer(asked, is_done=done == 3, output=["Hello!"] * 3 if done == 3 else None)

    async def act(self, name, given):
        return json.dumps("Hello!")


def played():
    """The history of that orchestrator."""

    async def play():
        store = Store(State(None))
        hub = Hub(store, Scripted(), DurableOptions())
        store.start("one", "E1_HelloSequence", None)
        running = asyncio.create_task(hub.run())
        while store.rows.find("one").status not in ENDED:
            await asyncio.sleep(0.01)
        running.cancel()
        return store.rows.history("one")

    return asyncio.run(play())


def test_a_history_is_kept_as_the_framework_keeps_it():
    history = played()
    assert [Kind(each["EventType"]).name for each in history] == IN_STORAGE
    scheduled = [each for each in history if each["EventType"] == Kind.TaskScheduled]
    completed = [each for each in history if each["EventType"] == Kind.TaskCompleted]
    assert [each["EventId"] for each in scheduled] == [0, 1, 2]
    assert [each["TaskScheduledId"] for each in completed] == [0, 1, 2]
    others = [each for each in history if each not in scheduled]
    assert {each["EventId"] for each in others} == {-1}


def test_every_event_is_one_that_the_library_can_read():
    for each in played():
        read = HistoryEvent(**each)
        assert read.is_played  # whenever a history is read back, it has been played
        assert read.timestamp.tzinfo is not None


def test_a_history_is_shown_as_it_is_documented():
    events = shown(played(), results=True)
    assert [(each["EventType"], set(each) - {"EventType"}) for each in events] == DOCUMENTED
    assert events[1]["Result"] == "Hello!"
    assert events[-1]["Result"] == ["Hello!"] * 3
    assert events[-1]["OrchestrationStatus"] == "Completed"


class Full(Store):
    """A disk that nothing can be written to."""

    tries = 0

    def keep(self, of, step, taken):
        self.tries += 1
        raise OSError("no space left on device")


def test_what_cannot_be_kept_is_not_tried_without_a_pause(caplog):
    async def play():
        store = Full(State(None))
        store.start("one", "E1_HelloSequence", None)
        running = asyncio.create_task(Hub(store, Scripted(), DurableOptions()).run())
        await asyncio.sleep(0.5)
        assert not running.done()
        running.cancel()
        return store.tries

    assert asyncio.run(play()) == 1
    assert "no space left" in caplog.text


def test_a_sub_orchestration_that_takes_the_place_of_one_that_runs_is_told_of(caplog):
    store = Store(State(None))
    store.start("shared", "any", None)
    store.start("shared", "any", None, Parent("other", "execution", 0))
    assert "shared is begun anew while it runs" in caplog.text


def test_results_are_shown_on_request_only():
    assert not any("Result" in each for each in shown(played(), results=False))
