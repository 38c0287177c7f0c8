"""Runs what is due: steps of orchestrations, one at a time for each, and activities."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from typing import Any

from devhost.durable.events import Kind
from devhost.durable.step import Step
from devhost.durable.store import Store
from devhost.durable.tables import Activity
from devhost.durable.worker import ActivityFailed, Worker
from devhost.project import DurableOptions

log = logging.getLogger("devhost.durable")

_LONGEST_SLEEP_S = 60.0  # the clock may be set, or the laptop may sleep
_AFTER_FAILURE_S = 1.0  # of the host itself: a full disk is not asked a thousand times a second


class Hub:
    """At-least-once for activities; an orchestrator is replayed as often as it takes."""

    def __init__(self, store: Store, worker: Worker, limits: DurableOptions) -> None:
        self.store = store
        self.worker = worker
        self._limits = limits
        self._changed = asyncio.Event()
        self._steps: dict[str, asyncio.Task[None]] = {}
        self._activities: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Something may be due that was not."""
        self._changed.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            while True:
                try:
                    await self._turn()
                except Exception:
                    log.exception("the host failed")
                    await asyncio.sleep(_AFTER_FAILURE_S)
        finally:
            running = [*self._steps.values(), *self._activities.values()]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _turn(self) -> None:
        """Begins what is due, and waits until something else may be."""
        self._changed.clear()
        self._begin()
        due = self.store.rows.next_due()
        pause = _LONGEST_SLEEP_S if due is None else due - time.time()
        with contextlib.suppress(TimeoutError):
            # wait_for of Python 3.11 loses a cancellation that comes as the event is set
            async with asyncio.timeout(max(0.0, min(pause, _LONGEST_SLEEP_S))):
                await self._changed.wait()

    def _begin(self) -> None:
        self.store.terminate_due()
        free = self._limits.orchestrators - len(self._steps)
        waiting = (each for each in self.store.rows.ready() if each not in self._steps)
        for instance, _ in zip(waiting, range(free), strict=False):
            self._steps[instance] = asyncio.create_task(self._ended(self._step(instance), instance))
        free = self._limits.activities - len(self._activities)  # also those of ended instances
        due = self.store.rows.activities(self._limits.activities)
        for activity in [each for each in due if each.id not in self._activities][:free]:
            work = self._ended(self._act(activity), activity.id)
            self._activities[activity.id] = asyncio.create_task(work)

    async def _ended(self, work: Any, key: str | int) -> None:
        try:
            await work
        except Exception:
            log.exception("the host failed at %s", key)
            await asyncio.sleep(_AFTER_FAILURE_S)
        finally:
            self._steps.pop(key, None) if isinstance(key, str) else self._activities.pop(key, None)
            self._changed.set()

    async def _step(self, instance: str) -> None:
        row = self.store.rows.find(instance)
        messages = self.store.rows.messages(instance)
        if row is None or not messages:
            return
        step = Step.begin([each for _, each in messages])
        parent = row.parent_of_it
        about = {
            "instanceId": instance,
            "parentInstanceId": parent and parent.instance,
            "input": json.loads(row.input),
        }
        before = self.store.rows.history(instance)
        answer = await self.worker.orchestrate(row.name, [*before, *step.events], about)
        step.take(answer, before)
        self.store.keep(row, step, [number for number, _ in messages])
        if step.ended == "Failed":
            log.error("%s (%s) failed: %s", row.name, instance, step.output)
        elif step.ended:
            log.info("durable %s (%s) has ended", row.name, instance)

    async def _act(self, activity: Activity) -> None:
        try:
            result = await self.worker.act(activity.name, activity.input)
        except ActivityFailed as failed:
            log.warning("%s\n%s", failed.reason, failed.details)
            failure = {"Reason": failed.reason, "Details": failed.details}
            self.store.finish(activity, Kind.TaskFailed, **failure)
        else:
            self.store.finish(activity, Kind.TaskCompleted, Result=result)
