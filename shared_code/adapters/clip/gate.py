"""Limits how many runs of a model go on at one time, and how many callers wait for one."""

from __future__ import annotations

from threading import BoundedSemaphore, Lock
from typing import Any

from shared_code.domain.errors import TooBusy
from shared_code.domain.timing import stage
from shared_code.domain.urgency import can_block

RETRY_AFTER_S = 1
"""A full queue of texts is done in less, one of pictures in about that time."""


class Gate:
    """A context manager around a run, which says whether the run should use all cores: if a person
    waits for it and no other run is under way. With a concurrency of 1 every run should.

    Raises TooBusy for an interactive request when ``queue`` others are waiting already.
    """

    def __init__(self, concurrency: int, queue: int) -> None:
        self._concurrency = concurrency
        self._turns = BoundedSemaphore(concurrency)
        self._queue = queue
        self._lock = Lock()
        self._waiting = 0
        self._running = 0

    def __enter__(self) -> bool:
        self._take_turn()
        with self._lock:
            self._running += 1
            is_alone = self._running == 1
        return self._concurrency == 1 or (is_alone and not can_block())

    def _take_turn(self) -> None:
        if self._turns.acquire(blocking=False):
            return
        with self._lock:
            if self._waiting >= self._queue and not can_block():
                raise TooBusy(
                    f"{self._waiting} others wait for the model: try again, or raise ENCODE_QUEUE.",
                    retry_after_s=RETRY_AFTER_S,
                )
            self._waiting += 1
        try:
            with stage("queue"):
                self._turns.acquire()
        finally:
            with self._lock:
                self._waiting -= 1

    def __exit__(self, *_: Any) -> None:
        with self._lock:
            self._running -= 1
        self._turns.release()
