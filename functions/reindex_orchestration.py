"""Moving to another model, as Durable Functions runs it: fill, catch up, compare, switch the alias,
catch up once more. The decisions are in ``shared_code.reindex.plan``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.durable import Steps, activity, call, call_until_done, orchestrator
from shared_code.app import App, current_app, model_switch
from shared_code.domain.products import Counts
from shared_code.reindex import CATCH_UP_ROUNDS, ReindexPlan, build_id, find_shortfall
from shared_code.reindex.model_switch import LOOK_EVERY_S

if TYPE_CHECKING:
    import azure.durable_functions as df

bp = func.Blueprint()

NOTICED_AFTER = timedelta(seconds=2 * LOOK_EVERY_S)
"""After this time every process has seen the new alias."""

CATCH_UP_SECONDS = 60
"""The length of one activity; the next one continues there."""


@orchestrator(bp)
def reindex_job(context: df.DurableOrchestrationContext) -> Steps:
    """Fails when the counts do not agree; the alias then stays where it is."""
    plan = ReindexPlan.from_json(context.get_input(dict))
    task = plan.to_json()
    yield call(context, "reindex_begin", task)
    if not plan.is_rollback:
        context.set_custom_status({"phase": "filling"})
        yield context.call_sub_orchestrator("bulk_job", plan.job(), build_id(plan.id))
        for _ in range(CATCH_UP_ROUNDS):
            context.set_custom_status({"phase": "catching up"})
            yield from call_until_done(context, "reindex_catch_up", task)
            compared = yield call(context, "reindex_compare", task)
            if not compared["difference"]:
                break
        else:
            reason = compared["difference"]
            raise RuntimeError(f"Nothing was changed: {reason}. GET index-failures may say why.")
    counts = yield call(context, "reindex_swap", task)
    context.set_custom_status({"phase": "swapped", **counts})
    yield context.create_timer(context.current_utc_datetime + NOTICED_AFTER)
    yield from call_until_done(context, "reindex_catch_up", task)
    context.set_custom_status({"phase": "done", **counts})
    return counts


@activity(bp)
def reindex_begin(task: dict[str, Any]) -> dict[str, Any]:
    """Creates the collection if it is missing. Raises Misconfigured where Qdrant refuses."""
    model_switch().app_for(task["into"]).index.ping()
    return {}


@activity(bp)
def reindex_catch_up(task: dict[str, Any]) -> dict[str, Any]:
    app = model_switch().app_for(task["into"])
    progress = app.reconcile.run(seconds=CATCH_UP_SECONDS, restart=task["restart"])
    return {"done": progress.is_done}


@activity(bp)
def reindex_compare(task: dict[str, Any]) -> dict[str, Any]:
    app, into = current_app(), task["into"]
    old = _count_serving(app, into)
    return {"difference": find_shortfall(old, model_switch().app_for(into).index.counts())}


@activity(bp)
def reindex_swap(task: dict[str, Any]) -> dict[str, Any]:
    """Switches the alias. A second delivery finds it switched."""
    app, into = current_app(), task["into"]
    old, new = _count_serving(app, into), model_switch().app_for(into).index.counts()
    app.collections.serve(into)
    model_switch().stop_refill()
    return {
        "before": {"products": old.products, "images": old.images} if old else None,
        "after": {"products": new.products, "images": new.images},
    }


def _count_serving(app: App, into: str) -> Counts | None:
    """Counts the collection in use; None for one of another model, and for ``into`` itself."""
    return app.index.counts() if into != app.collection == app.collections.serving() else None
