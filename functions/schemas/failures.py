"""Index failures: blobs that could not be indexed, and trying them again."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from functions.schemas.base import ResponseBody, published_as
from functions.schemas.fields import ListingRequest, NextCursor
from shared_code.domain.ports import Page
from shared_code.failures import Failure
from shared_code.indexing import RetryReport


class RetryRequest(ListingRequest, frozen=True):
    """POST index-failures/retry: a page of them now, or all of them by a bulk job."""

    all: bool = False

    def __post_init__(self) -> None:
        if self.all and self.cursor is not None:
            raise ValueError("cursor is for a page; leave it out to try all")


@published_as("FailureAnswer")
class FailureResponse(ResponseBody, frozen=True, kw_only=True):
    """One blob that could not be indexed, and why."""

    blob: str
    product_id: str
    reason: str
    at: Annotated[str, Meta(description="When, in UTC.")]


@published_as("FailuresAnswer")
class FailuresResponse(ResponseBody, frozen=True, kw_only=True):
    """A page of blobs that could not be indexed."""

    count: int
    failures: list[FailureResponse]
    cursor: NextCursor

    @classmethod
    def from_page(cls, page: Page[Failure]) -> FailuresResponse:
        failures = [
            FailureResponse(blob=f.blob, product_id=f.product_id, reason=f.reason, at=f.at)
            for f in page.items
        ]
        return cls(count=len(failures), failures=failures, cursor=page.cursor)


@published_as("RetriedAnswer")
class RetryResponse(ResponseBody, frozen=True, kw_only=True):
    """The outcome of trying a page of failures again."""

    tried: int
    failed: int
    cursor: NextCursor

    @classmethod
    def from_outcome(cls, outcome: RetryReport) -> RetryResponse:
        return cls(tried=outcome.tried, failed=outcome.failed, cursor=outcome.cursor)
