"""The JSON shapes of answers about bulk jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from functions.http.contract import Reply
from functions.schemas.base import Answer
from shared_code.bulk import JobReport

JOBS_PATH = "/api/v1/jobs/"


class JobSource(Answer, frozen=True, kw_only=True):
    """Where the items of a job come from."""

    kind: Literal["container", "feed", "failures", "reindex"]
    name: Annotated[str, Meta(description="The prefix, the feed's blob, or the collection.")]


class JobProblem(Answer, frozen=True, kw_only=True):
    """What could not be indexed, and why."""

    what: Annotated[str, Meta(description="A blob, a row of the feed, a URL.")]
    reason: str


class JobAnswer(Answer, frozen=True, kw_only=True):
    """A bulk job. An item is a blob of the container, or a product of a feed."""

    id: str
    url: str
    state: Literal["queued", "running", "completed", "failed", "cancelled"]
    source: JobSource
    total: Annotated[int | None, Meta(description="Items; null until all are listed.")]
    listed: Annotated[int, Meta(description="Items found so far.")]
    done: int
    indexed: int
    skipped: Annotated[int, Meta(description="Items that were current already.")]
    removed: Annotated[int, Meta(description="Items that were gone, and left the index.")]
    failed: Annotated[int, Meta(description="Items, and pictures of items, that cannot be.")]
    merged: Annotated[int, Meta(description="Rows of a feed that joined another one.")]
    images: Annotated[int, Meta(description="Pictures that were embedded.")]
    images_per_second: float | None
    eta_s: Annotated[int | None, Meta(description="Seconds until it is done, at the pace so far.")]
    started: str
    ended: str | None
    phase: Annotated[str, Meta(description="Of a move to another model.")] | UnsetType = UNSET
    problems: Annotated[list[JobProblem], Meta(description="The first of what failed.")]
    error: Annotated[str, Meta(description="Why the job failed.")] | UnsetType = UNSET


class JobsAnswer(Answer, frozen=True, kw_only=True):
    """The jobs of the last 30 days, the newest first."""

    count: int
    jobs: list[JobAnswer]


def jobs(found: Sequence[JobReport]) -> JobsAnswer:
    return JobsAnswer(count=len(found), jobs=[job(each) for each in found])


def job(found: JobReport) -> JobAnswer:
    facts, counts = found.facts, found.tally.by_outcome
    return JobAnswer(
        id=facts.id,
        url=JOBS_PATH + facts.id,
        state=facts.state,
        source=JobSource(
            kind=facts.source.get("kind", "container"), name=facts.source.get("name", "")
        ),
        total=found.total,
        listed=found.listed,
        done=counts["done"],
        indexed=counts["indexed"],
        skipped=counts["current"],
        removed=counts["removed"],
        failed=counts["failed"],
        merged=counts["merged"],
        images=counts["images"],
        images_per_second=_rounded(found.images_per_s),
        eta_s=found.eta_s,
        started=_said(facts.started),
        ended=_said(found.ended) if found.ended else None,
        problems=[JobProblem(**problem) for problem in found.tally.problems],
        phase=facts.phase or UNSET,
        error=facts.error or UNSET,
    )


def accepted(found: JobReport) -> Reply[JobAnswer]:
    """Of a job that was begun by the request."""
    begun = job(found)
    return Reply(begun, HTTPStatus.ACCEPTED, {"location": begun.url, "retry-after": "2"})


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 2)


def _said(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
