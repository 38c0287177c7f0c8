"""Sends storage's events to their queue, as Event Grid does: a few at a time, with retries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

log = logging.getLogger("devhost.blobs")

PARALLELISM = 4

MAX_ATTEMPTS = 30
"""As many as Event Grid makes, which gives up after a day at the latest; we do sooner."""


def compute_pause_s(attempt: int) -> float:
    """Returns the pause after so many failed attempts; Event Grid backs off too."""
    return float(min(2 ** (attempt - 1), 30))


@dataclass(slots=True, eq=False)
class EventTask:
    """Sends one event; a newer task with the same key replaces it."""

    key: tuple[str, str]
    label: str
    send: Callable[[], Awaitable[None]]
    attempts: int = field(default=0)


class EventDispatcher:
    """Sends at least once, in no order, and never two events of one key at the same time."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], EventTask] = {}
        self._running: set[tuple[str, str]] = set()
        self._queue: asyncio.Queue[EventTask] = asyncio.Queue()

    @property
    def pending_count(self) -> int:
        """Counts the tasks that wait, run, or pause before a retry."""
        return len(self._latest)

    def put(self, task: EventTask) -> None:
        self._latest[task.key] = task
        self._queue.put_nowait(task)

    def start(self) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self._work()) for _ in range(PARALLELISM)]

    async def _work(self) -> None:
        while True:
            task = await self._queue.get()
            if self._latest.get(task.key) is not task or task.key in self._running:
                continue  # replaced, or queued again when the running one ends
            self._running.add(task.key)
            try:
                is_done = await self._attempt(task)
            finally:
                self._running.discard(task.key)
            newest = self._latest[task.key]
            if newest is not task:
                self._queue.put_nowait(newest)
            elif is_done:
                del self._latest[task.key]
            else:
                delay_s = compute_pause_s(task.attempts)
                asyncio.get_running_loop().call_later(delay_s, self._queue.put_nowait, task)

    async def _attempt(self, task: EventTask) -> bool:
        """Returns False when the task has to be tried again."""
        task.attempts += 1
        try:
            await task.send()
        except Exception as exc:
            reason = f"{type(exc).__name__}: {exc}"
            if task.attempts < MAX_ATTEMPTS:
                log.warning(
                    "%s: attempt %d of %d failed: %s",
                    task.label,
                    task.attempts,
                    MAX_ATTEMPTS,
                    reason,
                    exc_info=task.attempts == 1,
                )
                return False
            log.error(  # noqa: TRY400  # the first attempt's traceback is in the log already
                "%s: gave up after %d attempts: %s; the next start of the host notices it again",
                task.label,
                task.attempts,
                reason,
            )
            return True
        log.info("%s", task.label)
        return True
