"""History events as the Durable Task Framework numbers them and a worker's library reads them.

Names, numbers and fields are those of ``HistoryEventType`` in azure-functions-durable, and of the
events in the tests of that library.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeAlias

Event: TypeAlias = dict[str, Any]


class EventKind(IntEnum):
    ExecutionStarted = 0
    ExecutionCompleted = 1
    ExecutionTerminated = 3
    TaskScheduled = 4
    TaskCompleted = 5
    TaskFailed = 6
    SubOrchestrationInstanceCreated = 7
    SubOrchestrationInstanceCompleted = 8
    SubOrchestrationInstanceFailed = 9
    TimerCreated = 10
    TimerFired = 11
    OrchestratorStarted = 12
    OrchestratorCompleted = 13
    EventRaised = 15
    ExecutionSuspended = 19
    ExecutionResumed = 20


def make_event(kind: EventKind, number: int = -1, /, *, at: float, **fields: Any) -> Event:
    """``number`` counts what an orchestrator schedules; the worker's library counts too, from 0.
    ``at``: seconds since the epoch."""
    timestamp = format_time(at)
    base = {"EventType": int(kind), "EventId": number, "IsPlayed": False, "Timestamp": timestamp}
    return base | fields


def format_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> float:
    """Returns seconds since the epoch; takes what ``format_time`` writes, and any ISO time."""
    parsed = datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
