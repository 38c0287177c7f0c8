"""Delivers blob events to functions: a few at a time, newest state first, with retries."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

log = logging.getLogger("devhost.blobs")


def retry_pause_s() -> float:
    """Before another attempt of a blob trigger. Azure's takes 15 to 84 ms, and cannot be told to
    take longer."""
    return float(os.environ.get("DEVHOST_RETRY_PAUSE_S", "") or 0.05)


def event_pause_s(attempt: int) -> float:
    """Before another attempt to put an event on its queue: Event Grid backs off."""
    return float(min(2 ** (attempt - 1), 30))


@dataclass(slots=True, eq=False)
class Job:
    """One event for one function; a newer job with the same key replaces it."""

    key: tuple[str, str, str]
    label: str
    run: Callable[[], Awaitable[None]]
    give_up: Callable[[], Awaitable[str]]
    """After the last attempt; tells what becomes of the event."""
    limit: int
    """Attempts before that."""
    pause_s: Callable[[int], float]
    """Before another attempt, when so many have failed."""
    attempts: int = field(default=0)


class Delivery:
    """At-least-once, unordered, and never two events of one key at the same time."""

    def __init__(self, parallelism: int) -> None:
        self._parallelism = parallelism
        self._latest: dict[tuple[str, str, str], Job] = {}
        self._running: set[tuple[str, str, str]] = set()
        self._queue: asyncio.Queue[Job] = asyncio.Queue()

    @property
    def pending(self) -> int:
        """Jobs that wait, run, or pause before a retry."""
        return len(self._latest)

    def put(self, job: Job) -> None:
        self._latest[job.key] = job
        self._queue.put_nowait(job)

    def workers(self) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self._work()) for _ in range(self._parallelism)]

    async def _work(self) -> None:
        while True:
            job = await self._queue.get()
            if self._latest.get(job.key) is not job or job.key in self._running:
                continue  # replaced, or to be queued again by the one that runs
            self._running.add(job.key)
            try:
                done = await self._attempt(job)
            except Exception:
                log.exception("%s: cannot be given up yet", job.label)
                done = False
            finally:
                self._running.discard(job.key)
            newest = self._latest[job.key]
            if newest is not job:
                self._queue.put_nowait(newest)
            elif done:
                del self._latest[job.key]
            else:
                pause = job.pause_s(job.attempts)
                asyncio.get_running_loop().call_later(pause, self._queue.put_nowait, job)

    async def _attempt(self, job: Job) -> bool:
        """True when there is nothing left to do for the job."""
        started = time.perf_counter()
        job.attempts += 1
        try:
            await job.run()
        except Exception as exc:
            if job.attempts < job.limit:
                log.warning(
                    "%s: attempt %d of %d failed: %s: %s",
                    job.label,
                    job.attempts,
                    job.limit,
                    type(exc).__name__,
                    exc,
                    exc_info=job.attempts == 1,
                )
                return False
            becomes = await job.give_up()
            log.error(  # noqa: TRY400  # the first attempt's traceback is in the log already
                "%s: given up after %d attempts: %s: %s; %s",
                job.label,
                job.attempts,
                type(exc).__name__,
                exc,
                becomes,
            )
            return True
        log.info("%s %.0f ms", job.label, (time.perf_counter() - started) * 1000)
        return True
