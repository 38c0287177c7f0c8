"""Histories against what Microsoft documents and its library expects.

Facts, by their sources: the numbers of events are ``HistoryEventType`` of azure-functions-durable;
the fields, those that its executor reads and its tests' ``ContextBuilder`` writes; what the HTTP
API shows is the example of "HTTP API reference" (Durable Functions documentation), whose three
activities in a row are ``chain`` here.
"""

import asyncio
import json

from azure.durable_functions.models.history import HistoryEvent, HistoryEventType

from devhost.durable import ENDED, DurableStore, DurableWorker, OrchestratorState, TaskHub
from devhost.durable.events import EventKind
from devhost.durable.responses import format_history
from devhost.durable.tables import Parent
from devhost.project import DurableOptions
from devhost.state import HostState

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
"""The same in Azure Storage, by the history table of "Checkpoints and replay": one pair of marks
around each run of an orchestrator."""


def snake(name):
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_")


def test_events_have_the_numbers_of_the_library():
    numbers = {member.name: member.value for member in HistoryEventType}
    assert {snake(kind.name).upper(): kind.value for kind in EventKind}.items() <= numbers.items()


class ScriptedWorker(DurableWorker):
    """Returns the states of an orchestrator that calls three activities in a row."""

    def __init__(self):
        super().__init__({}, None)

    async def run_orchestrator(self, name, history, instance):
        done = sum(event["EventType"] == EventKind.TaskCompleted for event in history)
        action = {"actionType": 0, "functionName": "E1_SayHello", "input": '"x"'}
        output = ["Hello!"] * 3 if done == 3 else None
        return OrchestratorState(name, [action] * min(done + 1, 3), done == 3, output)

    async def run_activity(self, name, input_json):
        return json.dumps("Hello!")


def play_sequence():
    """Runs that orchestrator to its end; returns its history."""

    async def play():
        store = DurableStore(HostState(None))
        hub = TaskHub(store, ScriptedWorker(), DurableOptions())
        store.start("one", "E1_HelloSequence", None)
        running = asyncio.create_task(hub.run())
        while store.tables.find("one").status not in ENDED:
            await asyncio.sleep(0.01)
        running.cancel()
        return store.tables.read_history("one")

    return asyncio.run(play())


def test_a_history_is_stored_as_the_framework_stores_it():
    history = play_sequence()
    assert [EventKind(event["EventType"]).name for event in history] == IN_STORAGE
    scheduled = [event for event in history if event["EventType"] == EventKind.TaskScheduled]
    completed = [event for event in history if event["EventType"] == EventKind.TaskCompleted]
    assert [event["EventId"] for event in scheduled] == [0, 1, 2]
    assert [event["TaskScheduledId"] for event in completed] == [0, 1, 2]
    others = [event for event in history if event not in scheduled]
    assert {event["EventId"] for event in others} == {-1}


def test_every_event_is_one_that_the_library_can_read():
    for event in play_sequence():
        read = HistoryEvent(**event)
        assert read.is_played  # whenever a history is read back, it has been played
        assert read.timestamp.tzinfo is not None


def test_a_history_is_shown_as_it_is_documented():
    events = format_history(play_sequence(), with_results=True)
    assert [(event["EventType"], set(event) - {"EventType"}) for event in events] == DOCUMENTED
    assert events[1]["Result"] == "Hello!"
    assert events[-1]["Result"] == ["Hello!"] * 3
    assert events[-1]["OrchestrationStatus"] == "Completed"


class FullDisk(DurableStore):
    """Cannot store the outcome of a step."""

    tries = 0

    def save_step(self, before, step, message_ids):
        self.tries += 1
        raise OSError("no space left on device")


def test_a_step_that_cannot_be_stored_is_not_tried_again_without_a_pause(caplog):
    async def play():
        store = FullDisk(HostState(None))
        store.start("one", "E1_HelloSequence", None)
        running = asyncio.create_task(TaskHub(store, ScriptedWorker(), DurableOptions()).run())
        await asyncio.sleep(0.5)
        assert not running.done()
        running.cancel()
        return store.tries

    assert asyncio.run(play()) == 1
    assert "no space left" in caplog.text


def test_a_sub_orchestration_that_replaces_a_running_one_is_logged(caplog):
    store = DurableStore(HostState(None))
    store.start("shared", "any", None)
    store.start("shared", "any", None, Parent("other", "execution", 0))
    assert "shared is started anew while it runs" in caplog.text


def test_results_are_shown_on_request_only():
    assert not any(
        "Result" in event for event in format_history(play_sequence(), with_results=False)
    )
