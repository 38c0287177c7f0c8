"""Runs one step of an orchestration, or one activity, and stores what came of it."""

from __future__ import annotations

import json
import logging

from devhost.durable.events import EventKind
from devhost.durable.step import OrchestrationStep
from devhost.durable.store import DurableStore
from devhost.durable.tables import Activity
from devhost.durable.worker import ActivityFailed, DurableWorker

log = logging.getLogger("devhost.durable")


class DurableEngine:
    """Activities run at least once; an orchestrator is replayed in each step."""

    def __init__(self, store: DurableStore, worker: DurableWorker) -> None:
        self.store = store
        self._worker = worker

    async def run_step(self, instance: str) -> None:
        """Hands the orchestrator all messages that are due."""
        tables = self.store.tables
        row = tables.find(instance)
        messages = tables.list_due_messages(instance)
        if row is None or not messages:
            return
        step = OrchestrationStep.begin([event for _, event in messages], now=self.store.clock())
        context = {
            "instanceId": instance,
            "parentInstanceId": row.parent and row.parent.instance,
            "input": json.loads(row.input),
        }
        history = tables.read_history(instance)
        state = await self._worker.run_orchestrator(row.name, [*history, *step.events], context)
        step.apply(state, history)
        self.store.save_step(row, step, [message_id for message_id, _ in messages])
        if step.end_status == "Failed":
            log.error("%s (%s) failed: %s", row.name, instance, step.output)
        elif step.end_status:
            log.info("durable %s (%s) has ended", row.name, instance)

    async def run_activity(self, activity: Activity) -> None:
        try:
            result = await self._worker.run_activity(activity.name, activity.input)
        except ActivityFailed as exc:
            log.warning("%s\n%s", exc.reason, exc.details)
            fields = {"Reason": exc.reason, "Details": exc.details}
            self.store.finish_activity(activity, EventKind.TaskFailed, **fields)
        else:
            self.store.finish_activity(activity, EventKind.TaskCompleted, Result=result)
