"""Durable Functions' triggers and client, registered without their library.

The library brings a web client and telemetry: 0.15 s of every cold start, of which searches need
nothing. What its decorators register are these bindings, by these names; the library itself is
imported when an orchestrator runs or a job is asked for. It stays the one that replays histories.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import azure.functions as func

from functions.http.telemetry import observed_event
from shared_code.domain.threads import run_in_thread

if TYPE_CHECKING:
    import azure.durable_functions as df

Steps: TypeAlias = Generator[Any, Any, Any]
Orchestrator: TypeAlias = "Callable[[df.DurableOrchestrationContext], Steps]"
Activity: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


def orchestrator(bp: func.Blueprint) -> Callable[[Orchestrator], Orchestrator]:
    """Registers a generator of the library's tasks under its own name."""

    def register(steps: Orchestrator) -> Orchestrator:
        def handle(context: func.OrchestrationContext) -> str:
            from azure.durable_functions import Orchestrator

            return str(Orchestrator.create(steps)(context))

        handle.__name__ = handle.__qualname__ = steps.__name__
        bp.generic_trigger(arg_name="context", type="orchestrationTrigger")(handle)
        return steps

    return register


def activity(bp: func.Blueprint) -> Callable[[Activity], Activity]:
    """Registers a function of a JSON object, called ``task``, that answers another."""

    def register(work: Activity) -> Activity:
        def handle(task: dict) -> dict:  # type: ignore[type-arg]  # the worker takes plain classes
            return work(task)

        handle.__name__ = handle.__qualname__ = work.__name__
        bp.generic_trigger(arg_name="task", type="activityTrigger")(observed_event(handle))
        return work

    return register


AGAIN_AFTER_MS = 15_000
TRIES = 20
"""Five minutes: what is down longer ends the job, which goes on where it was when begun again."""


def call(
    context: df.DurableOrchestrationContext, activity: str, task: dict[str, Any]
) -> df.models.Task:
    """An activity, tried again while it fails. Only where nothing else is in hand: see TaskPool."""
    from azure.durable_functions import RetryOptions

    return context.call_activity_with_retry(activity, RetryOptions(AGAIN_AFTER_MS, TRIES), task)


@dataclass(frozen=True, slots=True)
class _PooledTask:
    """``activity`` is empty for a sub-orchestration, which is not tried again."""

    key: int | str
    activity: str = ""
    task: dict[str, Any] = field(default_factory=dict)
    tries: int = 1
    is_pause: bool = False
    """The timer before the next try."""


class TaskPool:
    """The tasks that an orchestrator has in hand at one time; it takes them as they complete.

    Azure's host waits for each thing that an orchestrator asks for before it begins the next, and
    of a ``task_any`` it sees only the tasks that are new: among old ones it would begin nothing
    more until one of the new ones completes. So new tasks go out beside a timer that runs out at
    once.

    A replay in that host gives what comes later its numbers before it gets to the retries of what
    went before, so ``call_activity_with_retry`` beside other tasks ends as "non-deterministic".
    Here a retry is a timer and a call of the orchestrator's own.
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
        """It is tried again while it fails."""
        self._try(_PooledTask(key, activity, task))

    def call_child(self, key: int, orchestrator: str, task: dict[str, Any], instance: str) -> None:
        child = self._context.call_sub_orchestrator(
            orchestrator, task, instance, expected_type=dict
        )
        self._add(child, _PooledTask(key))

    def take_next(self) -> Steps:
        """Waits for one of them. Returns its key and its result; raises what it failed with."""
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


CONTINUATION = "x-ms-continuation-token"

_PAGE_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class DurableClient:
    """The library's client, with a list of instances that goes on to its last page.

    The library reads the first page alone, of at most 100 instances in the order of their ids, and
    drops the token that leads to the next one.
    """

    library: df.DurableOrchestrationClient
    rpc_url: str
    """Where the host's HTTP API is for this process: on the loopback, and without a key."""

    async def start_new(self, orchestrator: str, instance: str, given: dict[str, Any]) -> None:
        await self.library.start_new(orchestrator, instance, given)

    async def get_status(
        self, instance: str, *, show_input: bool = False
    ) -> df.DurableOrchestrationStatus:
        return await self.library.get_status(instance, show_input=show_input)

    async def terminate(self, instance: str, reason: str) -> None:
        """Returns before it has an effect: that takes some seconds."""
        await self.library.terminate(instance, reason)

    async def list_instances(
        self, prefix: str, *, statuses: Sequence[str] = (), since: datetime | None = None
    ) -> list[df.DurableOrchestrationStatus]:
        """Returns those whose id begins with the prefix, by id. ``since``: when they began."""
        query = {"instanceIdPrefix": prefix, "showInput": "true"}
        if statuses:
            query["runtimeStatus"] = ",".join(statuses)
        if since is not None:
            query["createdTimeFrom"] = since.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return await run_in_thread(_list_pages, f"{self.rpc_url}instances/?{urlencode(query)}")


def _list_pages(url: str) -> list[df.DurableOrchestrationStatus]:
    from azure.durable_functions.models.DurableOrchestrationStatus import (
        DurableOrchestrationStatus,
    )

    direct = build_opener(ProxyHandler({}))  # it is the loopback
    statuses: list[df.DurableOrchestrationStatus] = []
    token = ""
    while True:
        request = Request(url, headers={CONTINUATION: token} if token else {})  # noqa: S310  # http
        with direct.open(request, timeout=_PAGE_TIMEOUT_S) as response:
            statuses += map(DurableOrchestrationStatus.from_json, json.load(response))
            token = response.headers.get(CONTINUATION, "")
        if not token:
            return statuses


async def client_of(binding: str | DurableClient) -> DurableClient:
    """Returns a client out of what the host passes for a ``durableClient`` binding.

    The first import of the library takes 0.2 s, so it is not done on the event loop.
    """
    if not isinstance(binding, str):
        return binding
    make_client = await run_in_thread(_import_client_class)
    return DurableClient(make_client(binding), json.loads(binding)["rpcBaseUrl"])


def _import_client_class() -> Any:
    from azure.durable_functions import DurableOrchestrationClient

    return DurableOrchestrationClient


_WHO = re.compile(r"(?:(?:Orchestrator|Activity) function '[^']*' failed: +)+")
_RESULT = re.compile(r"Result: Failure\s+Exception: ")
_DETAILS = re.compile(
    r"\s*\n\s*(?:\{\"\$type\"|Message: |None\s*$|Stack:|Traceback \(most recent call last\))"
)
"""What follows the reason: .NET's exception as JSON, the same text again with a stack, or nothing,
for which the library writes None."""


def reason_of(output: str) -> str:
    """Returns what a failed orchestration's output says to people: which functions it came through,
    and their stacks, are left out."""
    text = _WHO.sub("", output, count=1)
    return _DETAILS.split(_RESULT.sub("", text, count=1))[0].strip()
