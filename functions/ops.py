"""GET health and stats: is it up, and what does it hold."""

import azure.functions as func

from functions.http.arguments import Query
from functions.http.contract import Reply
from functions.http.edge import endpoint
from functions.schemas import ops as answers_ops
from functions.schemas.ops import CacheFacts, HealthAnswer, StatsAnswer
from functions.schemas.requests import HealthRequest
from shared_code.app import current_app
from shared_code.health import count_contents
from shared_code.health import health as check_health

bp = func.Blueprint()


@bp.route(route="v1/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(statuses=(200, 503))
def health(asked: Query[HealthRequest]) -> Reply[HealthAnswer]:
    """Is it up: the model, and with `deep` the index, the storage and the queue of events too."""
    report = check_health(deep=asked.deep)
    return Reply(answers_ops.health(report, show_checks=asked.deep), report.http_status)


@bp.route(route="v1/stats", methods=["GET"])
@endpoint
def stats() -> StatsAnswer:
    """What does it hold."""
    app = current_app()
    counts = count_contents()
    return StatsAnswer(
        products=None if counts is None else counts.products,
        images=None if counts is None else counts.images,
        vectors=None if counts is None else counts.vectors,
        failures=app.failures.count(),
        events_waiting=app.blob_events.count_waiting(),
        model=answers_ops.model_facts(app.encoder.model),
        collection=app.index.collection,
        cache=CacheFacts(
            hits=app.embeddings.counts.hits,
            misses=app.embeddings.counts.misses,
            entries=app.adapters.memory_cache.entries,
            bytes=app.adapters.memory_cache.bytes,
        ),
        uptime_s=app.uptime_s,
    )
