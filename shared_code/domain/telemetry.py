"""What telemetry is told of a function's call: times and outcomes, nobody's words or pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from shared_code.domain.timing import Stages

IMPORTED_NS = time.time_ns()
"""When the app was imported. (The process may be older: Azure keeps some ready for any app.)"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call, after its end. ``request_id`` is the caller's or ours, checked for its form."""

    function: str
    request_id: str
    parent: str
    """The ``traceparent`` (W3C) of what called it; empty: nothing said."""
    started_ns: int
    ended_ns: int
    status: int
    """Of HTTP; of another trigger's function 200, or 500 when it raised."""
    stages: Stages


class Telemetry(Protocol):
    def record(self, operation: Operation) -> None:
        """Returns at once and never raises."""


class NoTelemetry:
    def record(self, operation: Operation) -> None:
        """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Call:
    """The call in hand, for whoever writes a log."""

    function: str
    request_id: str
    mark_thread: Callable[[], AbstractContextManager[None]] = nullcontext
    """Shows the host that a thread works for this call, while the block lasts."""


_call: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def calling(call: Call) -> Iterator[None]:
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)


def call_in_hand() -> Call | None:
    return _call.get()
