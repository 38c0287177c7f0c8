"""Replays an orchestrator's actions as Azure's host does it for workers in other languages.

The worker runs the orchestrator on its whole history and returns all its actions so far. The host
goes through them from the first to the last and waits for each one before it starts the next; a
``task_any`` or ``task_all`` is one action, made of those of its tasks that were new. Everything
that is scheduled takes the next number, retries included, at the moment at which the replayed
history gets there. What is in the history must come out again with the same number, or the
workflow is not deterministic.

Source: ``OutOfProcOrchestrationShim`` of the Durable Functions extension, and the replay of the
Durable Task Framework. Nothing here does I/O or reads a clock: the time is that of the history.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devhost.durable.events import Event, EventKind, parse_time

SCHEMA = {
    "upperSchemaVersion": 1,
    "upperSchemaVersionNew": 3,
    "maximumShortTimerDuration": "6.00:00:00",
    "longRunningTimerIntervalDuration": "3.00:00:00",
}
"""What the extension (3.19) supports, for the library to choose from; the library cuts timers above
six days into pieces."""

MAX_CUSTOM_STATUS = 16 * 1024
"""Bytes in UTF-16. Azure's host fails an orchestration that has a larger one."""

ACTIVITY, ACTIVITY_WITH_RETRY, CHILD, CHILD_WITH_RETRY = 0, 1, 2, 3
CONTINUE_AS_NEW, TIMER, WAIT_FOR_EVENT = 4, 5, 6
WHEN_ANY, WHEN_ALL = 11, 12
"""``ActionType`` of azure-functions-durable."""

_SCHEDULED_KINDS = {
    ACTIVITY: EventKind.TaskScheduled,
    ACTIVITY_WITH_RETRY: EventKind.TaskScheduled,
    CHILD: EventKind.SubOrchestrationInstanceCreated,
    CHILD_WITH_RETRY: EventKind.SubOrchestrationInstanceCreated,
}
_RETRIED_ACTIONS = (ACTIVITY_WITH_RETRY, CHILD_WITH_RETRY)
_CREATED_KINDS = (*_SCHEDULED_KINDS.values(), EventKind.TimerCreated)
_COMPLETED_KINDS = (EventKind.TaskCompleted, EventKind.SubOrchestrationInstanceCompleted)
_FAILED_KINDS = (EventKind.TaskFailed, EventKind.SubOrchestrationInstanceFailed)


class NonDeterministic(Exception):
    """The history holds an action that the orchestrator did not repeat in this replay."""


class UnsupportedAction(Exception):
    """An action that this host does not play."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An activity, a sub-orchestration or a timer to start."""

    number: int
    kind: EventKind
    """The kind of event that records it in the history."""
    name: str = ""
    input: str = "null"
    instance: str = ""
    """The id of a sub-orchestration, where the orchestrator chose one."""
    due: float = 0.0
    """When a timer fires, in seconds since the epoch."""
    is_cancelled: bool = False


@dataclass(eq=False, slots=True)
class _AwaitedTask:
    """A task, or a compound of tasks, that the host waits for."""

    action: Mapping[str, Any]
    parts: Sequence[_AwaitedTask] = ()
    is_done: bool = False
    tries: int = 0

    @property
    def is_complete(self) -> bool:
        """A failed task is complete, too: the orchestrator has handled its failure already."""
        kind = self.action["actionType"]
        if kind == WHEN_ANY:
            return any(part.is_complete for part in self.parts)
        if kind == WHEN_ALL:
            return all(part.is_complete for part in self.parts)
        return self.is_done


@dataclass(slots=True)
class Replay:
    """One pass over a history. ``run`` raises NonDeterministic and UnsupportedAction."""

    actions: Sequence[Mapping[str, Any]]
    decisions: dict[int, Decision] = field(default_factory=dict)
    """Those that the history does not hold yet, by number."""
    cancelled_timers: list[int] = field(default_factory=list)
    """Their numbers."""
    raised: dict[str, deque[Event]] = field(default_factory=lambda: defaultdict(deque))
    """External events that nothing has waited for yet, by name."""
    is_finished: bool = False
    """Every action was started and has completed."""
    next_input: str | None = None
    """The input with which the orchestration continues as new."""
    _next_number: int = 0
    _next_action: int = 0
    _now: float = 0.0
    """The time of the orchestrator's run that the replay has reached; seconds since the epoch."""
    _awaited: _AwaitedTask | None = None
    _tasks: dict[int, _AwaitedTask] = field(default_factory=dict)
    """By the number of the attempt, or of the timer between two attempts."""
    _waiting: dict[str, deque[_AwaitedTask]] = field(default_factory=lambda: defaultdict(deque))
    """Tasks that wait for an external event, by its name."""

    def run(self, history: Sequence[Event]) -> Replay:
        for event in history:
            kind = event["EventType"]
            if kind == EventKind.OrchestratorStarted:
                self._now = parse_time(event["Timestamp"])
                continue
            if kind in _CREATED_KINDS:
                self._match(event)
            elif kind == EventKind.EventRaised:
                self._raise_event(event)
            elif kind == EventKind.TimerFired:
                self._fire_timer(event["TimerId"])
            elif kind in _COMPLETED_KINDS or kind in _FAILED_KINDS:
                self._complete(event["TaskScheduledId"], has_failed=kind in _FAILED_KINDS)
            elif kind != EventKind.ExecutionStarted:
                continue
            self._advance()
        return self

    @property
    def unconsumed(self) -> Iterator[Event]:
        for events in self.raised.values():
            yield from events

    def _advance(self) -> None:
        """Starts one action after the other, as long as the one before it is complete."""
        while self._awaited is None or self._awaited.is_complete:
            if self._next_action == len(self.actions):
                self.is_finished = True
                return
            action = self.actions[self._next_action]
            self._next_action += 1
            if action["actionType"] == CONTINUE_AS_NEW:
                self.next_input = action["input"]
            else:
                self._awaited = self._start(action)

    def _start(self, action: Mapping[str, Any]) -> _AwaitedTask:
        kind = action["actionType"]
        if kind in (WHEN_ANY, WHEN_ALL):
            return _AwaitedTask(action, [self._start(part) for part in action["compoundActions"]])
        task = _AwaitedTask(action)
        if kind == WAIT_FOR_EVENT:
            self._wait_for_event(action["externalEventName"], task)
        elif kind == TIMER:
            task.is_done = bool(action.get("isCanceled"))
            self._create_timer(task, parse_time(action["fireAt"]), is_cancelled=task.is_done)
        elif kind in _SCHEDULED_KINDS:
            self._schedule(task)
        else:
            raise UnsupportedAction("The development host supports no entities and no HTTP calls.")
        return task

    def _schedule(self, task: _AwaitedTask) -> None:
        action = task.action
        task.tries += 1
        self._decide(
            task,
            _SCHEDULED_KINDS[action["actionType"]],
            name=action["functionName"],
            input=action.get("input") or "null",
            instance=action.get("instanceId") or "",
        )

    def _create_timer(self, task: _AwaitedTask, due: float, *, is_cancelled: bool = False) -> None:
        number = self._decide(task, EventKind.TimerCreated, due=due, is_cancelled=is_cancelled)
        if is_cancelled:
            self.cancelled_timers.append(number)

    def _decide(self, task: _AwaitedTask, kind: EventKind, **details: Any) -> int:
        number, self._next_number = self._next_number, self._next_number + 1
        self._tasks[number] = task
        self.decisions[number] = Decision(number, kind, **details)
        return number

    def _match(self, event: Event) -> None:
        decision = self.decisions.pop(event["EventId"], None)
        kind, name = EventKind(event["EventType"]), event.get("Name", "")
        if decision is None or (decision.kind, decision.name) != (kind, name):
            raise NonDeterministic(_explain_mismatch(kind, name, event["EventId"], decision))

    def _complete(self, number: int, *, has_failed: bool) -> None:
        task = self._tasks.pop(number, None)
        if task is None:
            return  # a duplicate
        if has_failed and task.action["actionType"] in _RETRIED_ACTIONS:
            options = task.action["retryOptions"]
            pause = options["firstRetryIntervalInMilliseconds"] / 1000
            self._create_timer(task, self._now + pause)
        else:
            task.is_done = True

    def _fire_timer(self, number: int) -> None:
        """A timer follows every failure of what is retried, the last one too."""
        task = self._tasks.pop(number, None)
        if task is None:
            return
        if task.action["actionType"] not in _RETRIED_ACTIONS:
            task.is_done = True
        elif task.tries < task.action["retryOptions"]["maxNumberOfAttempts"]:
            self._schedule(task)
        else:
            task.is_done = True

    def _wait_for_event(self, name: str, task: _AwaitedTask) -> None:
        if self.raised[name]:
            self.raised[name].popleft()
            task.is_done = True
        else:
            self._waiting[name].append(task)

    def _raise_event(self, event: Event) -> None:
        waiting = self._waiting[event["Name"]]
        if waiting:
            waiting.popleft().is_done = True
        else:
            self.raised[event["Name"]].append(event)


_NOUNS = {
    EventKind.TaskScheduled: "an activity task",
    EventKind.SubOrchestrationInstanceCreated: "a sub-orchestration task",
    EventKind.TimerCreated: "a timer task",
}


def _explain_mismatch(kind: EventKind, name: str, number: int, decision: Decision | None) -> str:
    called = f" and name '{name}'" if name else ""
    now = "hasn't (yet?) scheduled this task"
    if decision is not None:
        also = f" named '{decision.name}'" if decision.name else ""
        now = f"instead scheduled {_NOUNS[decision.kind]}{also} with this sequence ID"
    return (
        "Non-Deterministic workflow detected: A previous execution of this orchestration scheduled "
        f"{_NOUNS[kind]} with sequence ID {number}{called}, but the current replay execution "
        f"{now}. Was a change made to the orchestrator code after this instance had already "
        "started running?"
    )


def find_custom_status_error(status: Any) -> str:
    """Returns why Azure's host refuses this custom status; an empty text when it does not."""
    text = json.dumps(status, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode("utf-16-le", "surrogatepass"))
    if size <= MAX_CUSTOM_STATUS:
        return ""
    return (
        "The UTF-16 size of the JSON-serialized payload of the custom status must not exceed "
        f"{MAX_CUSTOM_STATUS // 1024} KB. The current size is {size / 1024:.1f} KB."
    )
