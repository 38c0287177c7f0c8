"""A circuit breaker: what has just failed is not asked again by everybody.

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
from shared_code.domain.patience import must_insist

T = TypeVar("T")

OPEN_S = 5.0
"""After a failure; then one caller tries, and the others go on being refused until it knows."""


class Breaker:
    def __init__(
        self, name: str, *, open_s: float = OPEN_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._open_s = open_s
        self._clock = clock
        self._lock = Lock()
        self._closed_again_at = 0.0
        self._is_probed = False
        self._last_failure = ""

    def call(self, request: Callable[[], T]) -> T:
        """Raises Unavailable at once while open; only that of the request opens it."""
        if must_insist():
            return self._observed(request)
        is_probe = self._admitted()
        try:
            return self._observed(request)
        finally:
            if is_probe:
                with self._lock:
                    self._is_probed = False

    def _admitted(self) -> bool:
        """Whether this is the one that finds out; raises Unavailable for who must not ask."""
        with self._lock:
            if not self._closed_again_at:
                return False
            left_s = self._closed_again_at - self._clock()
            if left_s > 0 or self._is_probed:
                wait_s = max(1, math.ceil(left_s))
                why = f"{self._name} failed a moment ago: {self._last_failure}"
                raise Unavailable(why, retry_after_s=wait_s)
            self._is_probed = True
            return True

    def _observed(self, request: Callable[[], T]) -> T:
        try:
            answer = request()
        except Unavailable as exc:
            with self._lock:
                self._last_failure = exc.detail
                self._closed_again_at = self._clock() + self._open_s
            raise
        with self._lock:
            self._closed_again_at = 0.0
        return answer
