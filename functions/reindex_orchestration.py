"""Moving to another model, as Durable Functions runs it: fill, catch up, count, lead the alias
there, catch up once more. What is decided is in ``shared_code.reindex``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.durable.triggers import Steps, activity, call, orchestrator
from shared_code.app import current_app, model_switch
from shared_code.domain.products import Counts
from shared_code.reindex import CATCH_UP_ROUNDS, ReindexPlan, build_id, find_shortfall
from shared_code.reindex.model_switch import LOOK_EVERY_S

if TYPE_CHECKING:
    import azure.durable_functions as df

bp = func.Blueprint()

NOTICED_AFTER = timedelta(seconds=2 * LOOK_EVERY_S)
"""By then every process has seen where the alias leads."""

CATCH_UP_SECONDS = 60
"""Of one activity; the next one goes on from there."""


@orchestrator(bp)
def reindex_job(context: df.DurableOrchestrationContext) -> Steps:
    plan = ReindexPlan.from_json(context.get_input(dict))
    yield _call(context, "reindex_begin", plan)
    if not plan.is_rollback:
        context.set_custom_status({"phase": "filling"})
        yield context.call_sub_orchestrator("bulk_job", plan.job(), build_id(plan.id))
        yield from _agreed(context, plan)
    counts = yield _call(context, "reindex_swap", plan)
    context.set_custom_status({"phase": "swapped", **counts})
    yield context.create_timer(context.current_utc_datetime + NOTICED_AFTER)
    yield from _caught_up(context, plan)
    context.set_custom_status({"phase": "done", **counts})
    return counts


def _agreed(context: df.DurableOrchestrationContext, plan: ReindexPlan) -> Steps:
    """Raises RuntimeError when the counts do not agree; the alias then stays where it is."""
    said = ""
    for _ in range(CATCH_UP_ROUNDS):
        context.set_custom_status({"phase": "catching up"})
        yield from _caught_up(context, plan)
        said = (yield _call(context, "reindex_compare", plan))["difference"]
        if not said:
            return
    raise RuntimeError(f"Nothing was changed: {said}. GET index-failures may tell why.")


def _caught_up(context: df.DurableOrchestrationContext, plan: ReindexPlan) -> Steps:
    is_first = True
    while True:
        task = {**plan.to_json(), "restart": is_first}
        done = yield call(context, "reindex_catch_up", task)
        if done["done"]:
            return
        is_first = False


def _call(context: df.DurableOrchestrationContext, name: str, plan: ReindexPlan) -> df.models.Task:
    return call(context, name, plan.to_json())


@activity(bp)
def reindex_begin(task: dict[str, Any]) -> dict[str, Any]:
    """Makes the collection, if it is not there. Raises Misconfigured where Qdrant refuses."""
    model_switch().app_for(task["into"]).index.ping()
    return {}


@activity(bp)
def reindex_catch_up(task: dict[str, Any]) -> dict[str, Any]:
    app = model_switch().app_for(task["into"])
    progress = app.reconcile.run(seconds=CATCH_UP_SECONDS, restart=task["restart"])
    return {"done": progress.is_done}


@activity(bp)
def reindex_compare(task: dict[str, Any]) -> dict[str, Any]:
    old, new = _both_counts(task["into"])
    return {"difference": find_shortfall(old, new)}


@activity(bp)
def reindex_swap(task: dict[str, Any]) -> dict[str, Any]:
    """A second delivery finds the alias there."""
    into = task["into"]
    old, new = _both_counts(into)
    current_app().collections.serve(into)
    model_switch().stop_refill()
    return {
        "before": {"products": old.products, "images": old.images} if old else None,
        "after": {"products": new.products, "images": new.images},
    }


def _both_counts(into: str) -> tuple[Counts | None, Counts]:
    """Of the collection that serves, unless its model is not here, and of the other one."""
    app = current_app()
    serves = app.collections.serving()
    old = app.index.counts() if serves == app.collection and serves != into else None
    return old, model_switch().app_for(into).index.counts()
