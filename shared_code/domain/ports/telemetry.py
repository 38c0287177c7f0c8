"""What telemetry learns about a call: times and outcomes, nobody's words or pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared_code.domain.timing import Stages

IMPORTED_NS = time.time_ns()
"""When the app was imported. (The process may be older: Azure keeps some ready for any app.)"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call, after its end. ``request_id`` is the caller's or ours, checked for its form."""

    function: str
    request_id: str
    parent: str
    """The ``traceparent`` (W3C) of the caller; empty when there was none."""
    started_ns: int
    ended_ns: int
    status: int
    """The HTTP status; for other triggers 200, or 500 when the function raised."""
    stages: Stages


class Telemetry(Protocol):
    def record(self, operation: Operation) -> None:
        """Returns at once and never raises."""


class NoTelemetry:
    def record(self, operation: Operation) -> None:
        """Does nothing: telemetry is switched off."""
