"""Delivers storage's events to their queue, as Event Grid does: a few at a time, with retries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

log = logging.getLogger("devhost.blobs")

PARALLELISM = 4

MAX_ATTEMPTS = 30
"""Event Grid's own; it gives up after a day at the latest, we sooner."""


def compute_pause_s(attempt: int) -> float:
    """Before another attempt, when so many have failed: Event Grid backs off."""
    return float(min(2 ** (attempt - 1), 30))


@dataclass(slots=True, eq=False)
class Job:
    """One event; a newer job with the same key replaces it."""

    key: tuple[str, str]
    label: str
    run: Callable[[], Awaitable[None]]
    attempts: int = field(default=0)


class Delivery:
    """At-least-once, unordered, and never two events of one key at the same time."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], Job] = {}
        self._running: set[tuple[str, str]] = set()
        self._queue: asyncio.Queue[Job] = asyncio.Queue()

    @property
    def pending(self) -> int:
        """Jobs that wait, run, or pause before a retry."""
        return len(self._latest)

    def put(self, job: Job) -> None:
        self._latest[job.key] = job
        self._queue.put_nowait(job)

    def workers(self) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self._work()) for _ in range(PARALLELISM)]

    async def _work(self) -> None:
        while True:
            job = await self._queue.get()
            if self._latest.get(job.key) is not job or job.key in self._running:
                continue  # replaced, or to be queued again by the one that runs
            self._running.add(job.key)
            try:
                is_done = await self._attempt(job)
            finally:
                self._running.discard(job.key)
            newest = self._latest[job.key]
            if newest is not job:
                self._queue.put_nowait(newest)
            elif is_done:
                del self._latest[job.key]
            else:
                delay_s = compute_pause_s(job.attempts)
                asyncio.get_running_loop().call_later(delay_s, self._queue.put_nowait, job)

    async def _attempt(self, job: Job) -> bool:
        """Returns whether there is nothing left to do for the job."""
        job.attempts += 1
        try:
            await job.run()
        except Exception as exc:
            reason = f"{type(exc).__name__}: {exc}"
            if job.attempts < MAX_ATTEMPTS:
                log.warning(
                    "%s: attempt %d of %d failed: %s",
                    job.label,
                    job.attempts,
                    MAX_ATTEMPTS,
                    reason,
                    exc_info=job.attempts == 1,
                )
                return False
            log.error(  # noqa: TRY400  # the first attempt's traceback is in the log already
                "%s: given up after %d attempts: %s; the next start notices it again",
                job.label,
                job.attempts,
                reason,
            )
            return True
        log.info("%s", job.label)
        return True
