"""What one run of an orchestrator comes to, decided without I/O.

The worker's library numbers what an orchestrator schedules by counting; the host must come to the
same numbers. It does by taking one event that makes the host itself schedule something (a retry's
timer, the next attempt) at the beginning of a step, never in the middle: see ``Plan.batch``.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from devhost.durable.events import Event, Kind, event, moment, stamp
from devhost.durable.worker import Answer

ACTIVITY, ACTIVITY_WITH_RETRY, CHILD, CHILD_WITH_RETRY = 0, 1, 2, 3
CONTINUE_AS_NEW, TIMER, WAIT_FOR_EVENT = 4, 5, 6
"""``ActionType`` of azure-functions-durable."""

_SCHEDULED = (ACTIVITY, ACTIVITY_WITH_RETRY, CHILD, CHILD_WITH_RETRY)
_RETRIED = (ACTIVITY_WITH_RETRY, CHILD_WITH_RETRY)
_FAILED = (Kind.TaskFailed, Kind.SubOrchestrationInstanceFailed)


@dataclass(slots=True)
class Plan:
    """What an orchestrator has asked for so far, and by which numbers."""

    next: int = 0
    acted: list[tuple[int, str, int]] = field(default_factory=list)
    """Type, name and number of every action, in the order in which they were asked for."""
    retries: dict[int, tuple[Mapping[str, Any], int]] = field(default_factory=dict)
    """Of attempts, and of the timers between them: the action, and how often it was tried."""

    @classmethod
    def loads(cls, text: str) -> Plan:
        said = json.loads(text)
        retries = {int(number): tuple(retry) for number, retry in said["retries"].items()}
        return cls(said["next"], [tuple(each) for each in said["acted"]], retries)

    def dumps(self) -> str:
        return json.dumps({"next": self.next, "acted": self.acted, "retries": self.retries})

    def number(self) -> int:
        self.next += 1
        return self.next - 1

    def batch(self, events: Sequence[Event]) -> Sequence[Event]:
        """As many of these as one step may take."""
        later = (at for at, each in enumerate(events) if at and self.retry_of(each) is not None)
        return events[: next(later, len(events))]

    def retry_of(self, each: Event) -> int | None:
        """The number of the attempt that failed, or of the timer that ran out."""
        kind = each["EventType"]
        number = each.get("TimerId") if kind == Kind.TimerFired else None
        if kind in _FAILED:
            number = each["TaskScheduledId"]
        return number if number in self.retries else None


@dataclass(slots=True)
class Work:
    """An activity or a sub-orchestration to begin."""

    number: int
    name: str
    given: str
    instance: str = ""
    """Of a sub-orchestration, if the orchestrator named it."""
    is_child: bool = False


@dataclass(slots=True)
class Step:
    plan: Plan
    events: list[Event] = field(default_factory=list)
    """To be added to the history."""
    work: list[Work] = field(default_factory=list)
    timers: list[tuple[int, float]] = field(default_factory=list)
    """Number, and when it runs out, in seconds since the epoch."""
    cancelled: list[int] = field(default_factory=list)
    """Timers."""
    custom_status: Any = None
    ended: str = ""
    """The status it has ended with."""
    output: Any = None
    anew: bool = False
    """It goes on as a new execution; ``output`` is its input."""

    def begin(self, batch: Sequence[Event]) -> None:
        """Takes the events of a step, and does what the host owes to a retry."""
        self.events = [event(Kind.OrchestratorStarted), *batch]
        for each in batch[:1]:
            number = self.plan.retry_of(each)
            if number is not None:
                self._retry(number, after_timer=each["EventType"] == Kind.TimerFired)

    def _retry(self, number: int, *, after_timer: bool) -> None:
        """A timer follows every failure, the last one too: the library waits for it."""
        action, tried = self.plan.retries[number]
        options = action["retryOptions"]
        if not after_timer:
            due = time.time() + options["firstRetryIntervalInMilliseconds"] / 1000
            timer = self._timer(due)
            self.plan.retries[timer] = action, tried
        elif tried < options["maxNumberOfAttempts"]:
            self.plan.retries[self._schedule(action)] = action, tried + 1

    def take(self, answer: Answer) -> None:
        self.custom_status = answer.custom_status
        if answer.error:
            self._end("Failed", answer.error)
        elif broken := self._broken_promise(answer.actions):
            self._end("Failed", broken)
        else:
            self._act(answer)
        self.events.append(event(Kind.OrchestratorCompleted))

    def _broken_promise(self, actions: Sequence[Mapping[str, Any]]) -> str:
        for at, (kind, name, _) in enumerate(self.plan.acted):
            found = (actions[at]["actionType"], _name(actions[at])) if at < len(actions) else None
            if found != (kind, name):
                return (
                    "Non-Deterministic workflow detected: replayed, it does not ask again for "
                    f"{name or 'what it asked for'} as its action {at + 1}."
                )
        return ""

    def _act(self, answer: Answer) -> None:
        old = zip(answer.actions, self.plan.acted, strict=False)
        self.cancelled = [number for action, (_, _, number) in old if action.get("isCanceled")]
        for action in answer.actions[len(self.plan.acted) :]:
            kind = action["actionType"]
            if kind == CONTINUE_AS_NEW:
                self.anew, self.output = True, action["input"]
                return
            if kind not in (*_SCHEDULED, TIMER, WAIT_FOR_EVENT):
                self._end("Failed", "The development host plays no entities and no HTTP calls.")
                return
            self.plan.acted.append((kind, _name(action), self._begun(action)))
        if answer.is_done:
            self._end("Completed", answer.output)

    def _begun(self, action: Mapping[str, Any]) -> int:
        kind = action["actionType"]
        if kind == WAIT_FOR_EVENT:
            return -1  # known by its name
        if kind == TIMER:
            return self._timer(moment(action["fireAt"]), cancelled=bool(action.get("isCanceled")))
        number = self._schedule(action)
        if kind in _RETRIED:
            self.plan.retries[number] = action, 1
        return number

    def _timer(self, due: float, *, cancelled: bool = False) -> int:
        number = self.plan.number()
        fires = stamp(datetime.fromtimestamp(due, UTC))
        self.events.append(event(Kind.TimerCreated, number, FireAt=fires))
        if not cancelled:
            self.timers.append((number, due))
        return number

    def _schedule(self, action: Mapping[str, Any]) -> int:
        number, name = self.plan.number(), action["functionName"]
        is_child = action["actionType"] in (CHILD, CHILD_WITH_RETRY)
        kind = Kind.SubOrchestrationInstanceCreated if is_child else Kind.TaskScheduled
        given, instance = action.get("input"), action.get("instanceId") or ""
        about = {"InstanceId": instance} if is_child else {}
        self.events.append(event(kind, number, Name=name, Input=given, **about))
        self.work.append(Work(number, name, given or "null", instance, is_child))
        return number

    def _end(self, status: str, output: Any) -> None:
        self.ended, self.output = status, output
        result = json.dumps(output)
        self.events.append(
            event(Kind.ExecutionCompleted, OrchestrationStatus=status, Result=result)
        )


def unconsumed(plan: Plan, history: Sequence[Event]) -> list[Event]:
    """External events that nobody has waited for yet: the last ones of each name."""
    waits = Counter(name for kind, name, _ in plan.acted if kind == WAIT_FOR_EVENT)
    left = []
    for each in history:
        if each["EventType"] == Kind.EventRaised:
            waits[each["Name"]] -= 1
            if waits[each["Name"]] < 0:
                left.append(each)
    return left


def _name(action: Mapping[str, Any]) -> str:
    return str(action.get("functionName") or action.get("externalEventName") or "")
