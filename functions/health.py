"""GET health and stats: whether the app works, and what the index holds.

The checks are in ``shared_code/health.py``.
"""

import azure.functions as func

from functions.http import Query, endpoint
from functions.schemas.base import Response
from functions.schemas.health import (
    CacheFacts,
    HealthRequest,
    HealthResponse,
    ModelFacts,
    StatsResponse,
)
from shared_code.app import current_app
from shared_code.health import check_health, count_contents

bp = func.Blueprint()


@bp.route(route="v1/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(statuses=(200, 503))
def health(request: Query[HealthRequest]) -> Response[HealthResponse]:
    """Whether the model works, and with `deep` also the index, the storage and the event queue."""
    return HealthResponse.from_health(check_health(deep=request.deep), show_checks=request.deep)


@bp.route(route="v1/stats", methods=["GET"])
@endpoint
def stats() -> StatsResponse:
    """Counts of the index, the queue, the caches, and the model in use."""
    app = current_app()
    return StatsResponse.from_counts(
        count_contents(),
        failures=app.failures.count(),
        events_waiting=app.blob_events.count_waiting(),
        model=ModelFacts.from_model(app.encoder.model),
        collection=app.index.collection,
        cache=CacheFacts(
            hits=app.embeddings.counts.hits,
            misses=app.embeddings.counts.misses,
            entries=app.adapters.memory_cache.entries,
            bytes=app.adapters.memory_cache.bytes,
        ),
        uptime_s=app.uptime_s,
    )
