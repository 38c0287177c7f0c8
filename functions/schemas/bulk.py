"""Bulk jobs: starting one, and its progress."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from functions.schemas.base import Request, Response, ResponseBody, published_as
from shared_code.bulk import JobReport, SourceRequest

JOBS_PATH = "/api/v1/jobs/"

MAX_PRODUCTS = 100_000


class BatchRequest(Request, frozen=True):
    """POST index-batch: blobs of the container, a feed, products, or earlier failures."""

    prefix: (
        Annotated[str, Meta(max_length=1_024, description="A prefix of blob names; empty: all.")]
        | UnsetType
    ) = UNSET
    container: Annotated[str, Meta(description="Always the images container.")] | UnsetType = UNSET
    feed: (
        Annotated[
            str,
            Meta(min_length=1, max_length=1_024, description="A blob of the container of feeds."),
        ]
        | UnsetType
    ) = UNSET
    products: (
        Annotated[
            list[dict[str, Any]],
            Meta(
                min_length=1,
                max_length=MAX_PRODUCTS,
                description="Objects with product_id, name, description, images, metadata.",
            ),
        ]
        | UnsetType
    ) = UNSET
    failures: (
        Annotated[bool, Meta(description="True: the blobs among the index failures.")] | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        blobs = self.prefix is not UNSET or self.container is not UNSET
        named = [blobs, self.feed is not UNSET, self.products is not UNSET, self.failures is True]
        if sum(named) != 1:
            raise ValueError("give one of prefix (with container), feed, products, failures: true")

    def to_source_request(self, files: Sequence[memoryview]) -> SourceRequest:
        """Ignores ``files``: JSON has none."""
        return SourceRequest(
            prefix=self.prefix or "",
            container=None if self.container is UNSET else self.container,
            feed=self.feed or "",
            posted=b"\n".join(map(msgspec.json.encode, self.products or [])),
            failures=self.failures is True,
        )


@published_as("NoFields")
class FeedForm(Request, frozen=True):
    """A form that holds files only."""

    def to_source_request(self, files: Sequence[memoryview]) -> SourceRequest:
        [feed] = files
        return SourceRequest(posted=bytes(feed))


class JobPath(Request, frozen=True):
    job_id: str


@published_as("JobSource")
class JobSourceResponse(ResponseBody, frozen=True, kw_only=True):
    """Where the items of a job come from."""

    kind: Literal["container", "feed", "failures", "reindex"]
    name: Annotated[str, Meta(description="The prefix, the feed's blob, or the collection.")]


class JobProblem(ResponseBody, frozen=True, kw_only=True):
    """An item that could not be indexed, and why."""

    what: Annotated[str, Meta(description="A blob, a row of the feed, a URL.")]
    reason: str


@published_as("JobAnswer")
class JobResponse(ResponseBody, frozen=True, kw_only=True):
    """A bulk job. An item is a blob of the container, or a product of a feed."""

    id: str
    url: str
    state: Literal["queued", "running", "completed", "failed", "cancelled"]
    source: JobSourceResponse
    total: Annotated[int | None, Meta(description="Items; null until all are listed.")]
    listed: Annotated[int, Meta(description="Items listed so far.")]
    done: int
    indexed: int
    skipped: Annotated[int, Meta(description="Items that were up to date already.")]
    removed: Annotated[int, Meta(description="Items that were deleted.")]
    failed: Annotated[int, Meta(description="Items and pictures that cannot be indexed.")]
    merged: Annotated[int, Meta(description="Rows of a feed that joined another row.")]
    images: Annotated[int, Meta(description="Pictures that were embedded.")]
    images_per_second: float | None
    eta_s: Annotated[int | None, Meta(description="Seconds to go, at the pace so far.")]
    started: str
    ended: str | None
    phase: Annotated[str, Meta(description="Where a move to another model is.")] | UnsetType = UNSET
    problems: Annotated[list[JobProblem], Meta(description="The first failures.")]
    error: Annotated[str, Meta(description="Why the job failed.")] | UnsetType = UNSET

    @classmethod
    def from_report(cls, report: JobReport) -> JobResponse:
        facts, counts = report.facts, report.tally.by_outcome
        return cls(
            id=facts.id,
            url=JOBS_PATH + facts.id,
            state=facts.state,
            source=JobSourceResponse(
                kind=facts.source.get("kind", "container"), name=facts.source.get("name", "")
            ),
            total=report.total,
            listed=report.listed,
            done=counts["done"],
            indexed=counts["indexed"],
            skipped=counts["current"],
            removed=counts["removed"],
            failed=counts["failed"],
            merged=counts["merged"],
            images=counts["images"],
            images_per_second=_round(report.images_per_s),
            eta_s=report.eta_s,
            started=_format_time(facts.started),
            ended=_format_time(report.ended) if report.ended else None,
            problems=[JobProblem(**problem) for problem in report.tally.problems],
            phase=facts.phase or UNSET,
            error=facts.error or UNSET,
        )

    @classmethod
    def accept(cls, report: JobReport) -> Response[JobResponse]:
        """Returns 202 for a job that has begun, with where to look at it and when."""
        body = cls.from_report(report)
        headers = {"location": body.url, "retry-after": "2"}
        return Response(body, HTTPStatus.ACCEPTED, headers)


@published_as("JobsAnswer")
class JobsResponse(ResponseBody, frozen=True, kw_only=True):
    """The jobs of the last 30 days, the newest first."""

    count: int
    jobs: list[JobResponse]

    @classmethod
    def from_reports(cls, reports: Sequence[JobReport]) -> JobsResponse:
        return cls(count=len(reports), jobs=[JobResponse.from_report(r) for r in reports])


def _round(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 2)


def _format_time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
