"""Index failures: blobs that could not be indexed, and why; try again once the cause is fixed.

They are stored by ``shared_code/failures/store.py`` and retried by
``shared_code/indexing/recovery.py``.
"""

from typing import Any

import azure.functions as func

from functions.durable import Jobs, make_client
from functions.http import Binding, Query, endpoint
from functions.schemas.base import Response
from functions.schemas.bulk import JobResponse
from functions.schemas.failures import FailuresResponse, RetryRequest, RetryResponse
from functions.schemas.fields import ListingRequest
from shared_code.app import current_app
from shared_code.bulk import BulkSource
from shared_code.domain.threads import run_in_thread
from shared_code.indexing import RetryReport

bp = func.Blueprint()


@bp.route(route="v1/index-failures", methods=["GET"])
@endpoint
def list_failures(request: Query[ListingRequest]) -> FailuresResponse:
    """The blobs that could not be indexed, and why."""
    page = current_app().failures.page(limit=request.limit, cursor=request.cursor)
    return FailuresResponse.from_page(page)


@bp.route(route="v1/index-failures/retry", methods=["POST"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint(statuses=(200, 202))
async def retry_failures(
    request: Query[RetryRequest], client: Binding[Any]
) -> Response[RetryResponse | JobResponse]:
    """Tries a page of the failures again, or `all` of them with a bulk job."""
    if request.all:
        return JobResponse.accept(
            await Jobs(await make_client(client)).start(BulkSource("failures"))
        )
    return Response(RetryResponse.from_outcome(await run_in_thread(_retry, request)))


def _retry(request: RetryRequest) -> RetryReport:
    return current_app().recovery.retry(limit=request.limit, cursor=request.cursor)
