"""POST reindex: moving to another model, and the collections of each."""

from typing import Any

import azure.functions as func

from functions.durable import Jobs, make_client
from functions.http import Binding, Body, Path, endpoint
from functions.schemas.base import Response
from functions.schemas.bulk import JobResponse
from functions.schemas.reindex import (
    CollectionPath,
    CollectionResponse,
    CollectionsResponse,
    ReindexRequest,
)
from shared_code.app import current_app, model_switch
from shared_code.domain.threads import run_in_thread

bp = func.Blueprint()


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
