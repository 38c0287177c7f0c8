"""GET health and stats: is it up, and what does it hold."""

import azure.functions as func

from functions import answers
from functions.edge import endpoint, ok
from functions.parse import parsed_query
from functions.requests import HealthRequest
from shared_code.health import health as check_health
from shared_code.runtime import runtime

bp = func.Blueprint()


@bp.route(route="v1/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def health(req: func.HttpRequest) -> func.HttpResponse:
    asked = parsed_query(req, HealthRequest)
    report = check_health(deep=asked.deep)
    return ok(answers.health(report, show_checks=asked.deep), report.http_status)


@bp.route(route="v1/stats", methods=["GET"])
@endpoint
def stats(req: func.HttpRequest) -> func.HttpResponse:
    app = runtime()
    counts = app.index.counts()
    return ok(
        {
            "products": counts.products,
            "images": counts.images,
            "vectors": counts.vectors,
            "failures": app.failures.count(),
            "model": answers.model_facts(app.encoder.model),
            "collection": app.index.collection,
            "uptime_s": app.uptime_s,
        }
    )
