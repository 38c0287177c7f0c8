"""POST reindex, and the collections that there are: from one model to another."""

from typing import Any

import azure.functions as func

from functions.durable.jobs import Jobs
from functions.durable.triggers import client_of
from functions.http.arguments import Binding, Body, Path
from functions.http.contract import Reply
from functions.http.edge import endpoint
from functions.schemas import bulk as answers_bulk
from functions.schemas.bulk import JobAnswer
from functions.schemas.bulk_requests import CollectionPath, ReindexRequest
from functions.schemas.reindex import CollectionAnswer, CollectionsAnswer, collections_answer
from shared_code.app import current_app, model_switch
from shared_code.domain.threads import run_in_thread

bp = func.Blueprint()


@bp.route(route="v1/reindex", methods=["POST"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint(statuses=(202,))
async def reindex(asked: Body[ReindexRequest], client: Binding[Any]) -> Reply[JobAnswer]:
    """Moves to the other model with no downtime: `NEXT_MODEL_DIR` names it.

    All stored pictures are embedded into a collection of its own while searches go on; when it
    holds what the old one holds, searches change over. The old one stays until it is deleted.
    With `rollback` searches go back at once to the collection before, which is then caught up.
    """
    into = await run_in_thread(lambda: model_switch().collection_to_fill(complete=asked.rollback))
    jobs = Jobs(await client_of(client))
    return answers_bulk.accepted(await jobs.reindex(into, is_rollback=asked.rollback))


@bp.route(route="v1/collections", methods=["GET"])
@endpoint
def list_collections() -> CollectionsAnswer:
    """The collections that there are, one for each model, and which one serves."""
    return collections_answer(current_app().collections)


@bp.route(route="v1/collections/{name}", methods=["DELETE"])
@endpoint(problems=(404,))
def delete_collection(path: Path[CollectionPath]) -> CollectionAnswer:
    """Deletes a collection that does not serve, with all its vectors; originals stay."""
    model_switch().drop_collection(path.name)
    return CollectionAnswer(name=path.name, serving=False)
