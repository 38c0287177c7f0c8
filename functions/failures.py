"""What could not be indexed, and why; and another try once the cause is mended."""

import azure.functions as func

from functions import answers_ops
from functions.answers_ops import FailuresAnswer, RetriedAnswer
from functions.edge import endpoint
from functions.requests import ListingRequest
from functions.sources import Query
from shared_code.runtime import runtime

bp = func.Blueprint()


@bp.route(route="v1/index-failures", methods=["GET"])
@endpoint
def list_failures(asked: Query[ListingRequest]) -> FailuresAnswer:
    """What could not be indexed, and why."""
    return answers_ops.failures(runtime().failures.page(limit=asked.limit, cursor=asked.cursor))


@bp.route(route="v1/index-failures/retry", methods=["POST"])
@endpoint
def retry_failures(asked: Query[ListingRequest]) -> RetriedAnswer:
    """Looks again at a page of what could not be indexed."""
    return answers_ops.retried(runtime().recovery.retry(limit=asked.limit, cursor=asked.cursor))
