"""The task hub: runs steps of orchestrations and activities side by side, as they become due."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine

from devhost.durable.engine import DurableEngine
from devhost.durable.store import DurableStore
from devhost.durable.worker import DurableWorker
from devhost.project import DurableOptions

log = logging.getLogger("devhost.durable")

_LONGEST_SLEEP_S = 60.0  # the clock may be set, or the laptop may sleep
_PAUSE_AFTER_FAILURE_S = 1.0  # of the host itself: a full disk is not tried all the time


class TaskHub:
    """Runs one step of an instance at a time."""

    def __init__(self, store: DurableStore, worker: DurableWorker, limits: DurableOptions) -> None:
        self.store = store
        self._engine = DurableEngine(store, worker)
        self._limits = limits
        self._changed = asyncio.Event()
        self._steps: dict[str, asyncio.Task[None]] = {}
        self._activities: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Makes it look for work that has become due."""
        self._changed.set()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        try:
            while True:
                try:
                    await self._start_due_work_and_wait()
                except Exception:
                    log.exception("the host failed")
                    await asyncio.sleep(_PAUSE_AFTER_FAILURE_S)
        finally:
            running = [*self._steps.values(), *self._activities.values()]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _start_due_work_and_wait(self) -> None:
        self._changed.clear()
        self._start_due_work()
        due = self.store.tables.next_due()
        pause = _LONGEST_SLEEP_S if due is None else due - self.store.clock()
        with contextlib.suppress(TimeoutError):
            # wait_for of Python 3.11 loses a cancellation that comes as the event is set
            async with asyncio.timeout(max(0.0, min(pause, _LONGEST_SLEEP_S))):
                await self._changed.wait()

    def _start_due_work(self) -> None:
        tables = self.store.tables
        self.store.apply_due_terminations()
        free = self._limits.orchestrators - len(self._steps)
        ready = [instance for instance in tables.list_ready() if instance not in self._steps]
        for instance in ready[:free]:
            step = self._guard(self._engine.run_step(instance), instance)
            self._steps[instance] = asyncio.create_task(step)
        free = self._limits.activities - len(self._activities)  # also those of ended instances
        due = tables.list_activities(self._limits.activities)
        for activity in [entry for entry in due if entry.id not in self._activities][:free]:
            work = self._guard(self._engine.run_activity(activity), activity.id)
            self._activities[activity.id] = asyncio.create_task(work)

    async def _guard(self, work: Coroutine[None, None, None], key: str | int) -> None:
        """Logs a failure of the host itself, and makes room for other work in the end."""
        try:
            await work
        except Exception:
            log.exception("the host failed at %s", key)
            await asyncio.sleep(_PAUSE_AFTER_FAILURE_S)
        finally:
            self._steps.pop(key, None) if isinstance(key, str) else self._activities.pop(key, None)
            self._changed.set()
