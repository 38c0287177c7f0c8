"""Durable Functions' triggers and client, registered without their library.

The library brings a web client and telemetry: 0.15 s of every cold start, of which searches need
nothing. What its decorators register are these bindings, by these names; the library itself is
imported when an orchestrator runs or a job is asked for. It stays the one that replays histories.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeAlias

import azure.functions as func

from functions.observing import observed_event
from shared_code.core.threads import run_in_thread

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
    """An activity, tried again while it fails."""
    from azure.durable_functions import RetryOptions

    return context.call_activity_with_retry(activity, RetryOptions(AGAIN_AFTER_MS, TRIES), task)


async def client_of(
    binding: str | df.DurableOrchestrationClient,
) -> df.DurableOrchestrationClient:
    """The library's client out of what the host passes for a ``durableClient`` binding.

    The first import of the library takes 0.2 s, so it is not done on the event loop.
    """
    if not isinstance(binding, str):
        return binding
    make_client = await run_in_thread(_import_client_class)
    return make_client(binding)


def _import_client_class() -> Any:
    from azure.durable_functions import DurableOrchestrationClient

    return DurableOrchestrationClient


_WHO = re.compile(r"(?:(?:Orchestrator|Activity) function '[^']*' failed: )+")
_RESULT = re.compile(r"Result: Failure\s+Exception: ")
_STACK = re.compile(r"\s*\n\s*(?:Stack:|Traceback \(most recent call last\))")


def reason_of(output: str) -> str:
    """What a failed orchestration's output says to people: which functions it came through, and
    their stacks, are left out."""
    said = _WHO.sub("", output, count=1)
    return _STACK.split(_RESULT.sub("", said, count=1))[0].strip()
