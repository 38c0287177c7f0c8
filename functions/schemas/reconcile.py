"""Reconcile: its options and its progress."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from functions.schemas.base import Request, ResponseBody, published_as
from shared_code.reconcile import Progress


class ReconcileRequest(Request, frozen=True):
    """POST reconcile."""

    dry_run: bool = False
    restart: bool = False
    seconds: Annotated[int, Meta(ge=1, le=200)] = 60


class ReconcileExample(ResponseBody, frozen=True, kw_only=True):
    """A blob or point, and what was done about it."""

    what: str
    outcome: str


@published_as("ReconciledAnswer")
class ReconcileResponse(ResponseBody, frozen=True, kw_only=True):
    """Counts since the pass was begun, by this call or an earlier one."""

    done: Annotated[bool, Meta(description="False: call again, and it goes on where it was.")]
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
    examples: Annotated[list[ReconcileExample], Meta(description="The first changes and errors.")]

    @classmethod
    def from_progress(cls, progress: Progress, *, dry_run: bool) -> ReconcileResponse:
        totals = progress.totals
        return cls(
            done=progress.is_done,
            dry_run=dry_run,
            phase=progress.phase,
            began=progress.began,
            blobs=totals["blobs"],
            points=totals["points"],
            indexed=totals["indexed"],
            removed=totals["removed"],
            failed=totals["failed"],
            known_failures=totals["known failures"],
            failures_cleared=totals["failure cleared"],
            errors=totals["errors"],
            examples=[ReconcileExample(**example) for example in progress.examples],
        )
