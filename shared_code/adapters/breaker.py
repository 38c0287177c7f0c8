"""A circuit breaker: a service that has just failed is left alone for a while.

M. Nygard: Release It! (2nd ed., 2018), chapter 5. Ours knows who calls: bulk jobs and reconciles
are let through and wait, since being refused costs them more than waiting.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from shared_code.domain.errors import Unavailable
from shared_code.domain.urgency import must_retry

T = TypeVar("T")

OPEN_S = 5.0
"""How long calls are refused after a failure. Then one caller tries, and the others are refused
until its call ends."""


class CircuitBreaker:
    def __init__(
        self, name: str, *, open_s: float = OPEN_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._open_s = open_s
        self._clock = clock
        self._lock = Lock()
        self._open_until = 0.0
        self._has_probe = False
        self._last_failure = ""

    def call(self, request: Callable[[], T]) -> T:
        """Raises Unavailable at once while open; one that ``request`` raises is what opens it."""
        if must_retry():
            return self._call_and_record(request)
        is_probe = self._admit()
        try:
            return self._call_and_record(request)
        finally:
            if is_probe:
                with self._lock:
                    self._has_probe = False

    def _admit(self) -> bool:
        """Returns whether this call is the probe; raises Unavailable where it is refused."""
        with self._lock:
            if not self._open_until:
                return False
            left_s = self._open_until - self._clock()
            if left_s > 0 or self._has_probe:
                wait_s = max(1, math.ceil(left_s))
                reason = f"{self._name} failed a moment ago: {self._last_failure}"
                raise Unavailable(reason, retry_after_s=wait_s)
            self._has_probe = True
            return True

    def _call_and_record(self, request: Callable[[], T]) -> T:
        try:
            result = request()
        except Unavailable as exc:
            with self._lock:
                self._last_failure = exc.detail
                self._open_until = self._clock() + self._open_s
            raise
        with self._lock:
            self._open_until = 0.0
        return result
