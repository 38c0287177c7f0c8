"""Durable Functions in memory: the development host's engine, step by step, on a clock that jumps.

Each step of ``run`` is one step of an orchestration or one activity, in a fixed order. An activity
takes a second of that clock, unless ``takes`` has another time for it. The client returns the
library's own status objects.
"""

import asyncio
import json
import time
import weakref
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

from devhost.durable import DurableEngine, DurableStore, DurableWorker, Instance, format_status
from devhost.functions import ACTIVITY, AppFunction
from devhost.invoker import Invocation
from devhost.state import HostState

ALL_ACTIVITIES = 10**6


@dataclass(frozen=True)
class InstanceView:
    """An instance at one moment."""

    id: str
    name: str
    status: str
    custom: Any
    output: Any
    longest: int
    """Events in its longest history so far."""
    generations: int
    """1, and one more for each time that it continued as new."""


class MemoryDurable:
    def __init__(self, *blueprints: Any) -> None:
        self.functions: dict[str, AppFunction] = {}
        for blueprint in blueprints:
            for builder in blueprint._function_builders:
                function = builder.build()
                kind = str(function.get_trigger().type)
                self.add_function(function.get_function_name(), kind, function.get_user_function())
        self.activities: list[tuple[str, Any]] = []
        """Names and inputs of the activities that were called."""
        self.takes: dict[str, float] = {}
        """Seconds that activities take, by name; any number of them run side by side."""
        self._started = self._now = time.time()
        state = HostState(None)
        weakref.finalize(self, state.close)
        self._store = DurableStore(state, lambda: self._now)
        self._engine = DurableEngine(self._store, DurableWorker(self.functions, self._invoke))
        self._activity_ends: dict[int, float] = {}
        self._longest: Counter[str] = Counter()
        self._executions: dict[str, set[str]] = {}

    @property
    def clock(self) -> float:
        """Seconds that have passed."""
        return self._now - self._started

    def add_function(self, name: str, kind: str, call: Callable[[Any], Any]) -> None:
        self.functions[name.casefold()] = AppFunction(
            name=name,
            call=call,
            trigger={"type": kind},
            argument="",
            annotation=None,
            takes_context=False,
            returns=True,
            clients=(),
            unsupported=(),
        )

    async def _invoke(self, invocation: Invocation, value: Any) -> Any:
        function = invocation.function
        if function.kind == ACTIVITY:
            self.activities.append((function.name, value))
        return function.call(value)

    # what the client does

    async def start_new(self, name: str, instance_id: str, client_input: Any) -> str:
        self._store.start(instance_id, name, json.dumps(client_input))
        return instance_id

    async def get_status(self, instance_id: str, **_: Any) -> DurableOrchestrationStatus:
        row = self._store.tables.find(instance_id)
        return DurableOrchestrationStatus.from_json(self._format(row) if row else "none")

    async def list_instances(
        self, prefix: str, *, statuses: Sequence[str] = (), since: datetime | None = None
    ) -> list[DurableOrchestrationStatus]:
        listed = [
            DurableOrchestrationStatus.from_json(self._format(row))
            for row in self._store.tables.list_instances(prefix)
            if (not statuses or row.status in statuses)
            and (since is None or row.created >= since.timestamp())
        ]
        await asyncio.sleep(0)  # others go on before the caller knows
        return listed

    async def terminate(self, instance_id: str, reason: str) -> None:
        """Takes effect with the next step."""
        self._store.terminate(instance_id, reason)

    def forget_terminations(self) -> None:
        for instance in self.instances:
            self._store.tables.delete_termination(instance)

    def list_statuses(self, prefix: str = "") -> list[dict[str, Any]]:
        """Returns the JSON of the host's HTTP API."""
        return [self._format(row) for row in self._store.tables.list_instances(prefix)]

    def _format(self, row: Instance) -> dict[str, Any]:
        return format_status(row, with_input=True)

    @property
    def instances(self) -> dict[str, InstanceView]:
        return {row.id: self._view(row) for row in self._store.tables.list_instances()}

    def _view(self, row: Instance) -> InstanceView:
        return InstanceView(
            row.id,
            row.name,
            row.status,
            json.loads(row.custom) if row.custom else None,
            json.loads(row.output) if row.output else None,
            self._longest[row.id],
            len(self._executions.get(row.id, {row.execution})),
        )

    # what the host does

    def run(self, *, steps: int = 10**6) -> bool:
        """Returns True when nothing is left to do."""
        while steps and self._run_next():
            steps -= 1
        return self._is_idle()

    def _run_next(self) -> bool:
        tables = self._store.tables
        self._store.apply_due_terminations()
        activities = tables.list_activities(ALL_ACTIVITIES)
        for activity in activities:
            takes = self.takes.get(activity.name, 1.0)
            self._activity_ends.setdefault(activity.id, self._now + takes)
        if ready := tables.list_ready():
            self._run_step(ready[0])
            return True
        timer = tables.next_due()
        activity = min(activities, key=lambda row: self._activity_ends[row.id], default=None)
        ends = self._activity_ends[activity.id] if activity else float("inf")
        if activity and (timer is None or ends <= timer):
            self._now = self._activity_ends.pop(activity.id)
            _finish(self._engine.run_activity(activity))
            return True
        if timer is None:
            return False
        self._now = timer
        return self._run_next()

    def _run_step(self, instance: str) -> None:
        row = self._store.tables.find(instance)
        self._executions.setdefault(instance, set()).add(row.execution)
        _finish(self._engine.run_step(instance))
        length = len(self._store.tables.read_history(instance))
        self._longest[instance] = max(self._longest[instance], length)

    def _is_idle(self) -> bool:
        tables = self._store.tables
        is_waiting = tables.list_ready() or tables.list_activities(1)
        return not is_waiting and tables.next_due() is None


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits for something")
