"""Replays what an orchestrator asks for, as Azure's host does it for workers in other languages.

The worker runs the orchestrator on its whole history and answers with all actions so far. The
host goes through them from the first to the last and waits for each one before it begins the
next; a ``task_any`` or ``task_all`` is one action, made of those of its tasks that were new.
Everything that is begun takes the next number, retries included, at the moment at which the
replayed history gets there. What the history holds must come out again with the same number, or
the workflow is not deterministic.

Source: ``OutOfProcOrchestrationShim`` of the Durable Functions extension, and the replay of the
Durable Task Framework. Nothing here does I/O, so that other stand-ins for a host can use it too.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devhost.durable.events import Event, Kind, moment

SCHEMA = {
    "upperSchemaVersion": 1,
    "upperSchemaVersionNew": 3,
    "maximumShortTimerDuration": "6.00:00:00",
    "longRunningTimerIntervalDuration": "3.00:00:00",
}
"""What the extension (3.19) can do, for the library to choose from; timers above six days are cut
into pieces by the library."""

MAX_CUSTOM_STATUS = 16 * 1024
"""Bytes, in UTF-16: above it Azure's host fails the orchestration."""

ACTIVITY, ACTIVITY_WITH_RETRY, CHILD, CHILD_WITH_RETRY = 0, 1, 2, 3
CONTINUE_AS_NEW, TIMER, WAIT_FOR_EVENT = 4, 5, 6
WHEN_ANY, WHEN_ALL = 11, 12
"""``ActionType`` of azure-functions-durable."""

_SCHEDULED = {
    ACTIVITY: Kind.TaskScheduled,
    ACTIVITY_WITH_RETRY: Kind.TaskScheduled,
    CHILD: Kind.SubOrchestrationInstanceCreated,
    CHILD_WITH_RETRY: Kind.SubOrchestrationInstanceCreated,
}
_RETRIED = (ACTIVITY_WITH_RETRY, CHILD_WITH_RETRY)
_BEGUN = (*_SCHEDULED.values(), Kind.TimerCreated)
_COMPLETED = (Kind.TaskCompleted, Kind.SubOrchestrationInstanceCompleted)
_FAILED = (Kind.TaskFailed, Kind.SubOrchestrationInstanceFailed)


class NonDeterministic(Exception):
    """The history holds something that the orchestrator does not ask for now."""


class NotPlayed(Exception):
    """An action that this host does not know."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An activity, a sub-orchestration or a timer that is begun."""

    number: int
    kind: Kind
    """Of the event that the history gets."""
    name: str = ""
    input: str = "null"
    instance: str = ""
    """Of a sub-orchestration, if the orchestrator named it."""
    due: float = 0.0
    """When a timer runs out, in seconds since the epoch."""
    is_cancelled: bool = False


@dataclass(eq=False, slots=True)
class _Awaited:
    """What the host waits for: a task, or a compound of tasks."""

    action: Mapping[str, Any]
    parts: Sequence[_Awaited] = ()
    is_done: bool = False
    tries: int = 0

    @property
    def is_complete(self) -> bool:
        """A failed task is complete, too: the orchestrator has dealt with it already."""
        kind = self.action["actionType"]
        if kind == WHEN_ANY:
            return any(part.is_complete for part in self.parts)
        if kind == WHEN_ALL:
            return all(part.is_complete for part in self.parts)
        return self.is_done


@dataclass(slots=True)
class Replay:
    """One pass over a history. Raises NonDeterministic and NotPlayed while it goes."""

    actions: Sequence[Mapping[str, Any]]
    decisions: dict[int, Decision] = field(default_factory=dict)
    """What the history does not hold yet, by number."""
    cancelled: list[int] = field(default_factory=list)
    """Timers, by number."""
    raised: dict[str, deque[Event]] = field(default_factory=lambda: defaultdict(deque))
    """External events that nobody has waited for yet, by name."""
    is_through: bool = False
    """Every action was begun and has come to its end."""
    anew: str | None = None
    """The input with which the orchestration continues as new."""
    _number: int = 0
    _at: int = 0
    _awaited: _Awaited | None = None
    _tasks: dict[int, _Awaited] = field(default_factory=dict)
    """By the number of the attempt, or of the timer between two attempts."""
    _waiting: dict[str, deque[_Awaited]] = field(default_factory=lambda: defaultdict(deque))
    """For external events, by name."""

    def run(self, history: Sequence[Event]) -> Replay:
        for each in history:
            kind = each["EventType"]
            if kind in _BEGUN:
                self._match(each)
            elif kind == Kind.EventRaised:
                self._raise_event(each)
            elif kind == Kind.TimerFired:
                self._fire_timer(each["TimerId"])
            elif kind in _COMPLETED or kind in _FAILED:
                self._complete(each["TaskScheduledId"], has_failed=kind in _FAILED)
            elif kind != Kind.ExecutionStarted:
                continue
            self._advance()
        return self

    @property
    def unconsumed(self) -> Iterator[Event]:
        for events in self.raised.values():
            yield from events

    def _advance(self) -> None:
        """Begins one action after the other, as long as the one before it is complete."""
        while self._awaited is None or self._awaited.is_complete:
            if self._at == len(self.actions):
                self.is_through = True
                return
            action, self._at = self.actions[self._at], self._at + 1
            if action["actionType"] == CONTINUE_AS_NEW:
                self.anew = action["input"]
            else:
                self._awaited = self._begin(action)

    def _begin(self, action: Mapping[str, Any]) -> _Awaited:
        kind = action["actionType"]
        if kind in (WHEN_ANY, WHEN_ALL):
            return _Awaited(action, [self._begin(part) for part in action["compoundActions"]])
        task = _Awaited(action)
        if kind == WAIT_FOR_EVENT:
            self._wait_for_event(action["externalEventName"], task)
        elif kind == TIMER:
            task.is_done = bool(action.get("isCanceled"))
            self._create_timer(task, moment(action["fireAt"]), is_cancelled=task.is_done)
        elif kind in _SCHEDULED:
            self._schedule(task)
        else:
            raise NotPlayed("The development host plays no entities and no HTTP calls.")
        return task

    def _schedule(self, task: _Awaited) -> None:
        action = task.action
        task.tries += 1
        self._decide(
            task,
            _SCHEDULED[action["actionType"]],
            name=action["functionName"],
            input=action.get("input") or "null",
            instance=action.get("instanceId") or "",
        )

    def _create_timer(self, task: _Awaited, due: float, *, is_cancelled: bool = False) -> None:
        number = self._decide(task, Kind.TimerCreated, due=due, is_cancelled=is_cancelled)
        if is_cancelled:
            self.cancelled.append(number)

    def _decide(self, task: _Awaited, kind: Kind, **about: Any) -> int:
        number, self._number = self._number, self._number + 1
        self._tasks[number] = task
        self.decisions[number] = Decision(number, kind, **about)
        return number

    def _match(self, each: Event) -> None:
        decision = self.decisions.pop(each["EventId"], None)
        kind, name = Kind(each["EventType"]), each.get("Name", "")
        if decision is None or (decision.kind, decision.name) != (kind, name):
            raise NonDeterministic(_explain(kind, name, each["EventId"], decision))

    def _complete(self, number: int, *, has_failed: bool) -> None:
        task = self._tasks.pop(number, None)
        if task is None:
            return  # a duplicate
        if has_failed and task.action["actionType"] in _RETRIED:
            options = task.action["retryOptions"]
            pause = options["firstRetryIntervalInMilliseconds"] / 1000
            self._create_timer(task, time.time() + pause)
        else:
            task.is_done = True

    def _fire_timer(self, number: int) -> None:
        """A timer follows every failure of what is retried, the last one too."""
        task = self._tasks.pop(number, None)
        if task is None:
            return
        if task.action["actionType"] not in _RETRIED:
            task.is_done = True
        elif task.tries < task.action["retryOptions"]["maxNumberOfAttempts"]:
            self._schedule(task)
        else:
            task.is_done = True

    def _wait_for_event(self, name: str, task: _Awaited) -> None:
        if self.raised[name]:
            self.raised[name].popleft()
            task.is_done = True
        else:
            self._waiting[name].append(task)

    def _raise_event(self, each: Event) -> None:
        waiting = self._waiting[each["Name"]]
        if waiting:
            waiting.popleft().is_done = True
        else:
            self.raised[each["Name"]].append(each)


_NOUNS = {
    Kind.TaskScheduled: "an activity task",
    Kind.SubOrchestrationInstanceCreated: "a sub-orchestration task",
    Kind.TimerCreated: "a timer task",
}


def _explain(kind: Kind, name: str, number: int, decision: Decision | None) -> str:
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


def refuse_custom_status(status: Any) -> str:
    """Why it cannot be kept; empty when it can."""
    text = json.dumps(status, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode("utf-16-le", "surrogatepass"))
    if size <= MAX_CUSTOM_STATUS:
        return ""
    return (
        "The UTF-16 size of the JSON-serialized payload of the custom status must not exceed "
        f"{MAX_CUSTOM_STATUS // 1024} KB. The current size is {size / 1024:.1f} KB."
    )
