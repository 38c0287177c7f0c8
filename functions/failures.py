"""What could not be indexed, and why; and another try once the cause is mended."""

from dataclasses import asdict

import azure.functions as func

from functions import answers
from functions.edge import endpoint, ok
from functions.parse import parsed_query
from functions.requests import ListingRequest
from shared_code.runtime import runtime

bp = func.Blueprint()


@bp.route(route="v1/index-failures", methods=["GET"])
@endpoint
def list_failures(req: func.HttpRequest) -> func.HttpResponse:
    asked = parsed_query(req, ListingRequest)
    page = runtime().failures.page(limit=asked.limit, cursor=asked.cursor)
    failures = [answers.failure(failure) for failure in page.items]
    return ok({"count": len(failures), "failures": failures, "cursor": page.cursor})


@bp.route(route="v1/index-failures/retry", methods=["POST"])
@endpoint
def retry_failures(req: func.HttpRequest) -> func.HttpResponse:
    asked = parsed_query(req, ListingRequest)
    return ok(asdict(runtime().recovery.retry(limit=asked.limit, cursor=asked.cursor)))
