"""What could not be indexed, and why; and another try once the cause is mended."""

from typing import Any

import azure.functions as func

from functions.durable.jobs import Jobs
from functions.durable.triggers import client_of
from functions.http.arguments import Binding, Query
from functions.http.contract import Reply
from functions.http.edge import endpoint
from functions.schemas import bulk as answers_bulk
from functions.schemas import ops as answers_ops
from functions.schemas.bulk import JobAnswer
from functions.schemas.ops import FailuresAnswer, RetriedAnswer
from functions.schemas.requests import ListingRequest, RetryRequest
from shared_code.app import current_app
from shared_code.bulk import BulkSource
from shared_code.domain.threads import run_in_thread
from shared_code.indexing import RetryReport

bp = func.Blueprint()


@bp.route(route="v1/index-failures", methods=["GET"])
@endpoint
def list_failures(asked: Query[ListingRequest]) -> FailuresAnswer:
    """What could not be indexed, and why."""
    return answers_ops.failures(current_app().failures.page(limit=asked.limit, cursor=asked.cursor))


@bp.route(route="v1/index-failures/retry", methods=["POST"])
@bp.generic_input_binding(arg_name="client", type="durableClient")
@endpoint(statuses=(200, 202))
async def retry_failures(
    asked: Query[RetryRequest], client: Binding[Any]
) -> Reply[RetriedAnswer | JobAnswer]:
    """Looks again at a page of what could not be indexed, or by a bulk job at `all` of it."""
    if asked.all:
        return answers_bulk.accepted(
            await Jobs(await client_of(client)).start(BulkSource("failures"))
        )
    return Reply(answers_ops.retried(await run_in_thread(_retried, asked)))


def _retried(asked: RetryRequest) -> RetryReport:
    return current_app().recovery.retry(limit=asked.limit, cursor=asked.cursor)
