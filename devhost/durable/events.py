"""History events as the Durable Task Framework numbers them and a worker's library reads them.

Names, numbers and fields: ``HistoryEventType`` of azure-functions-durable, and the events that
its tests are given.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeAlias

Event: TypeAlias = dict[str, Any]


class Kind(IntEnum):
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


def event(kind: Kind, number: int = -1, /, **fields: Any) -> Event:
    """``number``: of what is scheduled; the worker's library counts them too, from 0."""
    base = {"EventType": int(kind), "EventId": number, "IsPlayed": False, "Timestamp": stamp()}
    return base | fields


def stamp(at: datetime | None = None) -> str:
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> float:
    """Seconds since the epoch of what ``stamp`` writes, and of any other ISO time in UTC."""
    parsed = datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
