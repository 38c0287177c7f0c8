"""The app itself: GET health and GET stats."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from functions.schemas.base import Request, Response, ResponseBody, published_as
from shared_code.domain.products import Counts, ModelInfo
from shared_code.health import Health
from shared_code.version import __version__

RANDOM_WEIGHTS = (
    "The model's weights are random: for measuring speed and size only. What searches find means "
    "nothing. Set MODEL_DIR to a real bundle."
)


class HealthRequest(Request, frozen=True):
    deep: bool = False


@published_as("HealthAnswer")
class HealthResponse(ResponseBody, frozen=True, kw_only=True):
    """The health of the app; the checks are listed on request, and when one fails."""

    status: Literal["running", "failing"]
    version: str
    model: str | None
    warnings: list[str] | UnsetType = UNSET
    checks: (
        Annotated[dict[str, str], Meta(description="For each part ok, or why it does not work.")]
        | UnsetType
    ) = UNSET

    @classmethod
    def from_health(cls, health: Health, *, show_checks: bool) -> Response[HealthResponse]:
        is_random = health.model is not None and health.model.random_weights
        body = cls(
            status=health.status,
            version=__version__,
            model=health.model.name if health.model else None,
            warnings=[RANDOM_WEIGHTS] if is_random else UNSET,
            checks=health.checks if show_checks or health.status != "running" else UNSET,
        )
        return Response(body, health.http_status)


class ModelFacts(ResponseBody, frozen=True, kw_only=True):
    """The model that this app embeds with."""

    name: str
    dimension: int
    precision: str
    fingerprint: str
    random_weights: bool | UnsetType = UNSET
    warning: str | UnsetType = UNSET

    @classmethod
    def from_model(cls, model: ModelInfo) -> ModelFacts:
        return cls(
            name=model.name,
            dimension=model.dimension,
            precision=model.precision,
            fingerprint=model.fingerprint,
            random_weights=True if model.random_weights else UNSET,
            warning=RANDOM_WEIGHTS if model.random_weights else UNSET,
        )


class CacheFacts(ResponseBody, frozen=True, kw_only=True):
    """The embeddings of queries that this process has cached."""

    hits: int
    misses: int
    entries: int
    bytes: int


Counted = Annotated[int | None, Meta(description="Null while the index does not answer.")]


@published_as("StatsAnswer")
class StatsResponse(ResponseBody, frozen=True, kw_only=True):
    """The contents of the index, and the state of the app."""

    products: Counted
    images: Counted
    vectors: Counted
    failures: Annotated[int, Meta(description="Blobs that could not be indexed.")]
    events_waiting: Annotated[
        int | None,
        Meta(
            description="Events on the queue, with those that an outage has put off; null when "
            "the queue does not answer."
        ),
    ]
    model: ModelFacts
    collection: str
    cache: CacheFacts
    uptime_s: int

    @classmethod
    def from_counts(cls, counts: Counts | None, **facts: Any) -> StatsResponse:
        """``facts``: the other fields, by their names."""
        if counts is None:
            return cls(products=None, images=None, vectors=None, **facts)
        products, images, vectors = counts.products, counts.images, counts.vectors
        return cls(products=products, images=images, vectors=vectors, **facts)
