"""The tasks that an orchestrator runs at the same time, started and retried as the host needs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.durable.orchestrations import AGAIN_AFTER_MS, TRIES, Steps

if TYPE_CHECKING:
    import azure.durable_functions as df


@dataclass(frozen=True, slots=True)
class _PooledTask:
    """``activity`` is empty for a sub-orchestration, which is not retried."""

    key: int | str
    activity: str = ""
    task: dict[str, Any] = field(default_factory=dict)
    tries: int = 1
    is_pause: bool = False
    """The timer before the next try."""


class TaskPool:
    """The tasks that an orchestrator runs at the same time; it takes each as it completes.

    Azure's host waits for each task that an orchestrator yields before it starts the next, and of a
    ``task_any`` it sees only the tasks that are new: beside old ones it would start nothing more
    until one of the new ones completes. So new tasks are sent beside a timer that fires at once.

    A replay in that host numbers later tasks before it reaches the retries of earlier ones, so
    ``call_activity_with_retry`` beside other tasks ends as "non-deterministic". Here a retry is a
    timer and a call of the orchestrator's own.
    """

    def __init__(self, context: df.DurableOrchestrationContext) -> None:
        self._context = context
        self._tasks: dict[df.models.Task, _PooledTask] = {}
        self._new: list[df.models.Task] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, key: int | str) -> bool:
        return any(pooled.key == key for pooled in self._tasks.values())

    def call_activity(self, key: int | str, activity: str, task: dict[str, Any]) -> None:
        """Starts an activity, and again while it fails."""
        self._try(_PooledTask(key, activity, task))

    def call_child(self, key: int, orchestrator: str, task: dict[str, Any], instance: str) -> None:
        child = self._context.call_sub_orchestrator(
            orchestrator, task, instance, expected_type=dict
        )
        self._add(child, _PooledTask(key))

    def take_next(self) -> Steps:
        """Waits for one task. Returns its key and its result, or raises its error."""
        while True:
            yield from self._send()
            completed = yield self._context.task_any(list(self._tasks))
            pooled = self._tasks.pop(completed)
            try:
                result = yield completed
            except Exception:
                if not pooled.activity or pooled.tries >= TRIES:
                    raise
                self._pause(pooled)
                continue
            if not pooled.is_pause:
                return pooled.key, result
            self._try(replace(pooled, is_pause=False, tries=pooled.tries + 1))

    def _send(self) -> Steps:
        if 0 < len(self._new) < len(self._tasks):
            at_once = self._context.create_timer(self._context.current_utc_datetime)
            yield self._context.task_any([*self._new, at_once])
        self._new.clear()

    def _try(self, pooled: _PooledTask) -> None:
        call = self._context.call_activity(pooled.activity, pooled.task, expected_type=dict)
        self._add(call, pooled)

    def _pause(self, pooled: _PooledTask) -> None:
        until = self._context.current_utc_datetime + timedelta(milliseconds=AGAIN_AFTER_MS)
        self._add(self._context.create_timer(until), replace(pooled, is_pause=True))

    def _add(self, task: df.models.Task, pooled: _PooledTask) -> None:
        self._tasks[task] = pooled
        self._new.append(task)
