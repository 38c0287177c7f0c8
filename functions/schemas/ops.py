"""The JSON shapes of answers about the app itself: health, stats, failures, reconcile."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from functions.schemas.base import Answer
from shared_code.domain.ports import Page
from shared_code.domain.products import ModelInfo
from shared_code.failures import Failure
from shared_code.health import Health
from shared_code.indexing import RetryReport
from shared_code.reconcile import Progress
from shared_code.version import __version__

RANDOM_WEIGHTS = (
    "The model's weights are random: for measuring speed and size only. What searches find means "
    "nothing. Set MODEL_DIR to a real bundle."
)

Cursor = Annotated[str | None, Meta(description="Leads to the next page; null on the last.")]


class HealthAnswer(Answer, frozen=True, kw_only=True):
    """Whether the app can work; the checks are shown when asked for, and when one fails."""

    status: Literal["running", "failing"]
    version: str
    model: str | None
    warnings: list[str] | UnsetType = UNSET
    checks: (
        Annotated[dict[str, str], Meta(description="Part to ok, or to why it does not work.")]
        | UnsetType
    ) = UNSET


class ModelFacts(Answer, frozen=True, kw_only=True):
    """The model that this app embeds with."""

    name: str
    dimension: int
    precision: str
    fingerprint: str
    random_weights: bool | UnsetType = UNSET
    warning: str | UnsetType = UNSET


class CacheFacts(Answer, frozen=True, kw_only=True):
    """Embeddings of queries that this process remembers."""

    hits: int
    misses: int
    entries: int
    bytes: int


Counted = Annotated[int | None, Meta(description="Null while the index does not answer.")]


class StatsAnswer(Answer, frozen=True, kw_only=True):
    """What the app holds."""

    products: Counted
    images: Counted
    vectors: Counted
    failures: Annotated[int, Meta(description="Blobs that could not be indexed.")]
    events_waiting: Annotated[
        int | None,
        Meta(
            description="Events on the queue, with looks that an outage has put off; null when "
            "the queue does not answer."
        ),
    ]
    model: ModelFacts
    collection: str
    cache: CacheFacts
    uptime_s: int


class FailureAnswer(Answer, frozen=True, kw_only=True):
    """One blob that could not be indexed, and why."""

    blob: str
    product_id: str
    reason: str
    at: Annotated[str, Meta(description="When, in UTC.")]


class FailuresAnswer(Answer, frozen=True, kw_only=True):
    """A page of what could not be indexed."""

    count: int
    failures: list[FailureAnswer]
    cursor: Cursor


class RetriedAnswer(Answer, frozen=True, kw_only=True):
    """What became of a page of failures that were tried again."""

    tried: int
    failed: int
    cursor: Cursor


class ReconcileExample(Answer, frozen=True, kw_only=True):
    """A blob or point, and what became of it."""

    what: str
    outcome: str


class ReconciledAnswer(Answer, frozen=True, kw_only=True):
    """Counts since the pass was begun, by this call or an earlier one."""

    done: Annotated[bool, Meta(description="False: call again, it goes on where it was.")]
    dry_run: bool
    phase: str
    began: str
    blobs: int
    points: int
    indexed: int
    removed: int
    failed: int
    known_failures: int
    failures_cleared: int
    errors: int
    examples: Annotated[
        list[ReconcileExample], Meta(description="The first of what was done or went wrong.")
    ]


def failures(page: Page[Failure]) -> FailuresAnswer:
    found = [
        FailureAnswer(blob=f.blob, product_id=f.product_id, reason=f.reason, at=f.at)
        for f in page.items
    ]
    return FailuresAnswer(count=len(found), failures=found, cursor=page.cursor)


def retried(outcome: RetryReport) -> RetriedAnswer:
    return RetriedAnswer(tried=outcome.tried, failed=outcome.failed, cursor=outcome.cursor)


def reconciled(progress: Progress, *, dry_run: bool) -> ReconciledAnswer:
    counted = progress.totals
    return ReconciledAnswer(
        done=progress.is_done,
        dry_run=dry_run,
        phase=progress.phase,
        began=progress.began,
        blobs=counted["blobs"],
        points=counted["points"],
        indexed=counted["indexed"],
        removed=counted["removed"],
        failed=counted["failed"],
        known_failures=counted["known failures"],
        failures_cleared=counted["failure cleared"],
        errors=counted["errors"],
        examples=[ReconcileExample(**example) for example in progress.examples],
    )


def health(report: Health, *, show_checks: bool) -> HealthAnswer:
    is_random = report.model is not None and report.model.random_weights
    return HealthAnswer(
        status=report.status,
        version=__version__,
        model=report.model.name if report.model else None,
        warnings=[RANDOM_WEIGHTS] if is_random else UNSET,
        checks=report.checks if show_checks or report.status != "running" else UNSET,
    )


def model_facts(model: ModelInfo) -> ModelFacts:
    return ModelFacts(
        name=model.name,
        dimension=model.dimension,
        precision=model.precision,
        fingerprint=model.fingerprint,
        random_weights=True if model.random_weights else UNSET,
        warning=RANDOM_WEIGHTS if model.random_weights else UNSET,
    )
