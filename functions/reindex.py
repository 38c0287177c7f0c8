"""POST reindex: moving to another model, and the collections of each.

It starts the orchestration ``reindex_job``: fill the new collection, catch up, compare, switch the
alias, catch up once more. The decisions are in ``shared_code/reindex/plan.py``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.durable import (
    Jobs,
    Steps,
    activity,
    call,
    call_until_done,
    make_client,
    orchestrator,
)
from functions.http import Binding, Body, Path, endpoint
from functions.schemas.base import Response
from functions.schemas.bulk import JobResponse
from functions.schemas.reindex import (
    CollectionPath,
    CollectionResponse,
    CollectionsResponse,
    ReindexRequest,
)
from shared_code.app import App, current_app, model_switch
from shared_code.domain.products import Counts
from shared_code.domain.threads import run_in_thread
from shared_code.reindex import (
    CATCH_UP_ROUNDS,
    LOOK_EVERY_S,
    ReindexPlan,
    build_id,
    find_shortfall,
)

if TYPE_CHECKING:
    import azure.durable_functions as df

bp = func.Blueprint()

NOTICED_AFTER = timedelta(seconds=2 * LOOK_EVERY_S)
"""After this time every process has seen the new alias."""

CATCH_UP_SECONDS = 60
"""The length of one activity; the next one continues there."""


@bp.route(route="v1/reindex", methods=["POST"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint(statuses=(202,))
async def reindex(request: Body[ReindexRequest], client: Binding[Any]) -> Response[JobResponse]:
    """Moves to the model in `NEXT_MODEL_DIR`, without downtime.

    All stored pictures are embedded into a new collection while searches go on. When it holds what
    the old one holds, searches move to it. The old collection stays until it is deleted. With
    `rollback` searches go back to the previous collection at once, and it then catches up.
    """
    into = await run_in_thread(lambda: model_switch().collection_to_fill(complete=request.rollback))
    jobs = Jobs(await make_client(client))
    return JobResponse.accept(await jobs.reindex(into, is_rollback=request.rollback))


@bp.route(route="v1/collections", methods=["GET"])
@endpoint
def list_collections() -> CollectionsResponse:
    """All collections, one for each model, and which one searches use."""
    return CollectionsResponse.from_collections(current_app().collections)


@bp.route(route="v1/collections/{name}", methods=["DELETE"])
@endpoint(problems=(404,))
def delete_collection(path: Path[CollectionPath]) -> CollectionResponse:
    """Deletes a collection that searches do not use, with its vectors; original pictures stay."""
    model_switch().drop_collection(path.name)
    return CollectionResponse(name=path.name, serving=False)


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
