"""Builds what takes long to build, once, on a thread of its own; callers wait a limited time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitTimeout
from threading import Lock, Thread
from typing import Generic, TypeVar

from shared_code.domain.errors import ModelNotReady
from shared_code.domain.threads import bind_to_call

T = TypeVar("T")

REBUILD_PAUSE_S = 5.0
"""The pause after a failed build. Files that are being copied may be complete by then; without it
each request would read and hash them again."""

RETRY_AFTER_S = 2
"""For a caller whose patience ran out: the full-size model loads in less."""


class BackgroundLoader(Generic[T]):
    """``get`` waits up to ``wait_s`` seconds and then raises ModelNotReady, while the build goes
    on. After a failed build it raises the build's error until the pause is over, and then builds
    again."""

    def __init__(
        self,
        build: Callable[[], T],
        *,
        wait_s: float,
        rebuild_pause_s: float = REBUILD_PAUSE_S,
    ) -> None:
        self._build = build
        self._wait_s = wait_s
        self._rebuild_pause_s = rebuild_pause_s
        self._lock = Lock()
        self._future: Future[T] | None = None
        self._failed_at = 0.0

    @property
    def is_loaded(self) -> bool:
        future = self._future
        return future is not None and future.done() and future.exception() is None

    def start(self) -> Future[T]:
        """Starts the build unless it has started before; returns at once."""
        with self._lock:
            if self._future is None or self._should_rebuild(self._future):
                self._future = Future()
                run = bind_to_call(self._run)
                Thread(target=run, args=[self._future], name="loading", daemon=True).start()
            return self._future

    def get(self) -> T:
        future = self._future
        if future is None or not self.is_loaded:
            future = self.start()
        try:
            return future.result(self._wait_s)
        except WaitTimeout:
            if future.done():
                raise  # the build itself raised a TimeoutError
            raise ModelNotReady(
                "The model is still loading.", retry_after_s=RETRY_AFTER_S
            ) from None

    def _should_rebuild(self, future: Future[T]) -> bool:
        has_failed = future.done() and future.exception() is not None
        return has_failed and time.monotonic() - self._failed_at >= self._rebuild_pause_s

    def _run(self, future: Future[T]) -> None:
        try:
            result = self._build()
        except BaseException as exc:
            self._failed_at = time.monotonic()
            future.set_exception(exc)
        else:
            future.set_result(result)
