"""Registers orchestrators and activities, without the library of Durable Functions.

The library brings a web client and telemetry: 0.15 s of every cold start, which searches do not
need. Its decorators register the same bindings, by the same names. The library is imported when an
orchestrator runs or a job is requested, and it is what replays histories.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeAlias

import azure.functions as func

from functions.http import observed_event

if TYPE_CHECKING:
    import azure.durable_functions as df

Steps: TypeAlias = Generator[Any, Any, Any]
Orchestrator: TypeAlias = "Callable[[df.DurableOrchestrationContext], Steps]"
Activity: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


def orchestrator(bp: func.Blueprint) -> Callable[[Orchestrator], Orchestrator]:
    """Registers a generator of the library's tasks under the generator's name."""

    def register(steps: Orchestrator) -> Orchestrator:
        def handle(context: func.OrchestrationContext) -> str:
            from azure.durable_functions import Orchestrator

            return str(Orchestrator.create(steps)(context))

        handle.__name__ = handle.__qualname__ = steps.__name__
        bp.generic_trigger(arg_name="context", type="orchestrationTrigger")(handle)
        return steps

    return register


def activity(bp: func.Blueprint) -> Callable[[Activity], Activity]:
    """Registers a function that takes a JSON object, called ``task``, and returns another."""

    def register(work: Activity) -> Activity:
        def handle(task: dict) -> dict:  # type: ignore[type-arg]  # the worker takes plain classes
            return work(task)

        handle.__name__ = handle.__qualname__ = work.__name__
        bp.generic_trigger(arg_name="task", type="activityTrigger")(observed_event(handle))
        return work

    return register


AGAIN_AFTER_MS = 15_000
TRIES = 20
"""Five minutes. A longer outage ends the job; started again, it goes on where it was."""


def call(
    context: df.DurableOrchestrationContext, activity: str, task: dict[str, Any]
) -> df.models.Task:
    """Calls an activity, and again while it fails. Only where no other task runs: see TaskPool."""
    from azure.durable_functions import RetryOptions

    return context.call_activity_with_retry(activity, RetryOptions(AGAIN_AFTER_MS, TRIES), task)


def call_until_done(
    context: df.DurableOrchestrationContext, activity: str, task: dict[str, Any]
) -> Steps:
    """Calls an activity again and again until it returns ``{"done": True}``; only the first call
    says ``restart``."""
    is_first = True
    while True:
        progress = yield call(context, activity, {**task, "restart": is_first})
        if progress["done"]:
            return
        is_first = False
