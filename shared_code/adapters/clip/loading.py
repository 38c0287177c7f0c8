"""A part that takes long to build: built once, on a thread of its own, waited for but not long."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDoneYet
from threading import Lock, Thread
from typing import Generic, TypeVar

from shared_code.domain.errors import ModelNotReady
from shared_code.domain.threads import bind_to_call

T = TypeVar("T")

AGAIN_AFTER_S = 5.0
"""After a failed build. Files that are being copied may be whole by then; each request would
otherwise read and hash them again."""

RETRY_AFTER_S = 2
"""Told to a caller who did not want to wait any longer: the full-size model loads in less."""


class Loading(Generic[T]):
    """``get`` waits up to ``wait_s`` seconds and then raises ModelNotReady, while the building
    goes on; a build that failed raises what it raised, and is tried again later."""

    def __init__(
        self,
        build: Callable[[], T],
        *,
        wait_s: float,
        again_after_s: float = AGAIN_AFTER_S,
    ) -> None:
        self._build = build
        self._wait_s = wait_s
        self._again_after_s = again_after_s
        self._lock = Lock()
        self._begun: Future[T] | None = None
        self._failed_at = 0.0

    @property
    def built(self) -> bool:
        begun = self._begun
        return begun is not None and begun.done() and begun.exception() is None

    def begin(self) -> Future[T]:
        """Builds unless that was begun before; returns at once."""
        with self._lock:
            if self._begun is None or self._is_worth_another_try(self._begun):
                self._begun = Future()
                run = bind_to_call(self._run)
                Thread(target=run, args=[self._begun], name="loading", daemon=True).start()
            return self._begun

    def get(self) -> T:
        begun = self._begun
        if begun is None or not self.built:
            begun = self.begin()
        try:
            return begun.result(self._wait_s)
        except NotDoneYet:
            if begun.done():
                raise  # the build itself raised a TimeoutError
            raise ModelNotReady(
                "The model is still being loaded.", retry_after_s=RETRY_AFTER_S
            ) from None

    def _is_worth_another_try(self, begun: Future[T]) -> bool:
        failed = begun.done() and begun.exception() is not None
        return failed and time.monotonic() - self._failed_at >= self._again_after_s

    def _run(self, begun: Future[T]) -> None:
        try:
            part = self._build()
        except BaseException as exc:
            self._failed_at = time.monotonic()
            begun.set_exception(exc)
        else:
            begun.set_result(part)
