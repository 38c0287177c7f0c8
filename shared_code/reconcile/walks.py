"""The walks of a reconcile, as far as one call gets: page by page, and mend by mend."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from shared_code.domain.errors import AppError, Unavailable, Unprocessable
from shared_code.domain.naming import BlobRole, picture_ref
from shared_code.domain.ports import BlobInfo, ProductIndex
from shared_code.domain.products import PointRef
from shared_code.failures import Failure, Failures
from shared_code.indexing import CrashGuard, Group, Indexer, Outcome, groups_of
from shared_code.reconcile.progress import Progress

log = logging.getLogger(__name__)

MAX_ERRORS_IN_A_ROW = 5
"""Errors after which something must be down: going on would only record failures."""


class OutOfTime(Exception):
    """The call's time ended within a page; the next call begins that page again."""


@dataclass(slots=True)
class ReconcilePass:
    """The part of a pass that one call does."""

    indexer: Indexer
    index: ProductIndex
    failures: Failures
    progress: Progress
    crash_guard: CrashGuard | None
    """None for a dry run, which changes nothing."""
    clock: Callable[[], float]
    deadline: float
    """When the call's time is over, by the clock."""
    page_size: int
    errors_in_a_row: int = 0

    @property
    def dry_run(self) -> bool:
        return self.crash_guard is None

    def do_page(self) -> None:
        """Does the next page of the current walk. Raises OutOfTime when the time is over."""
        if self.clock() >= self.deadline:
            raise OutOfTime
        walks = {
            "container": self._walk_container,
            "index": self._walk_index,
            "failures": self._walk_failures,
        }
        self.progress.turn_page(walks[self.progress.phase](self.progress.cursor))

    def _walk_container(self, cursor: str | None) -> str | None:
        page = self.indexer.images.list(limit=self.page_size, cursor=cursor)
        is_last = page.cursor is None
        groups, nameless = groups_of(page.items, is_first=cursor is None, is_last=is_last)
        refs = [ref for group in groups for ref in group.refs]
        stored = self.index.sources(refs)
        for group in groups:
            for info in group.doubtful_pictures(stored):
                self._mend_blob(info)
            if group.has_doubtful_words(stored):
                self._mend_text(group)
        for info in nameless:
            if self.failures.find(info.name) is None:
                self._mend_nameless(info.name)
        for ref in refs:
            self.progress.mark_seen(ref)
        self.progress.totals["blobs"] += len(page.items)
        return page.cursor

    def _walk_index(self, cursor: str | None) -> str | None:
        page = self.index.points(limit=self.page_size, cursor=cursor)
        for ref in page.items:
            if not self.progress.has_seen(ref):
                self._mend_point(ref)
        self.progress.totals["points"] += len(page.items)
        return page.cursor

    def _walk_failures(self, cursor: str | None) -> str | None:
        page = self.failures.page(limit=self.page_size, cursor=cursor)
        for failure in page.items:
            if failure.product_id:  # others are not about a blob
                self._settle(failure)
        return page.cursor

    def _settle(self, failure: Failure) -> None:
        """Clears the failure of a blob that is gone or indexed; tries again what may succeed
        now."""
        try:
            info = self.indexer.images.head(failure.blob)
        except Unprocessable:
            return
        if info is not None and info.etag == failure.etag:
            return
        if info is None or self.indexer.is_current(info, BlobRole.of(failure.blob)):
            self.progress.note(failure.blob, "failure cleared")
            if not self.dry_run:
                self.failures.clear(failure.blob)
        elif not self.dry_run:
            self._mend_blob(info)

    def _mend_blob(self, info: BlobInfo) -> None:
        failure = self.failures.find(info.name)
        if failure is not None and failure.etag == info.etag:
            self.progress.totals["known failures"] += 1
        elif self.crash_guard is None:
            self.progress.note(info.name, "indexed")
        elif not self.crash_guard.has_killed(info):
            product_id = BlobRole.of(info.name).product_id
            self._mend(info.name, lambda: self.indexer.sync(info.name), product_id)

    def _mend_nameless(self, blob: str) -> None:
        if self.dry_run:
            self.progress.note(blob, "failed")
        else:
            self._mend(blob, lambda: self.indexer.sync(blob))

    def _mend_text(self, group: Group) -> None:
        outcome = self.indexer.texts.plan_refresh(group.product_id)
        if outcome == "current":
            return
        if self.dry_run:
            self.progress.note(f"words of {group.product_id}", outcome)
            return
        for document in group.documents:
            self._mend_blob(document)
        refresh = self.indexer.texts.refresh
        self._mend(f"words of {group.product_id}", lambda: refresh(group.product_id))

    def _mend_point(self, ref: PointRef) -> None:
        """Mends a point that had no blob when the page of the container was read."""
        if ref.kind == "text":
            if self.indexer.texts.plan_refresh(ref.product_id) == "removed":
                refresh = self.indexer.texts.refresh
                self._remove(f"words of {ref.product_id}", lambda: refresh(ref.product_id))
        elif not _is_named_after(ref):
            self._remove(ref.image_key, lambda: self._delete(ref))
        elif self.indexer.images.head(ref.image_key) is None:
            self._remove(ref.image_key, lambda: self.indexer.sync(ref.image_key))

    def _remove(self, subject: str, remove: Callable[[], Outcome]) -> None:
        if self.dry_run:
            self.progress.note(subject, "removed")
        else:
            self._mend(subject, remove)

    def _delete(self, ref: PointRef) -> Outcome:
        self.index.delete([ref])
        return "removed"

    def _mend(self, subject: str, mend: Callable[[], Outcome], product_id: str = "") -> None:
        """Mends one thing. An error is counted, and recorded for a blob; several in a row mean an
        outage."""
        try:
            outcome = mend()
        except Exception as exc:
            log.warning("reconcile: %s: %s", subject, exc, exc_info=not isinstance(exc, AppError))
            self.progress.note(subject, "errors")
            self.errors_in_a_row += 1
            if product_id:
                self.failures.record(subject, product_id, f"Reconciling it failed: {exc}")
            if self.errors_in_a_row >= MAX_ERRORS_IN_A_ROW:
                raise Unavailable(f"{self.errors_in_a_row} in a row failed: {exc}") from exc
        else:
            self.errors_in_a_row = 0
            if outcome != "current":
                self.progress.note(subject, outcome)
        if self.clock() >= self.deadline:
            raise OutOfTime


def _is_named_after(ref: PointRef) -> bool:
    """Returns False for a point that no blob of this name would be indexed as."""
    try:
        return picture_ref(ref.image_key) == ref
    except Unprocessable:
        return False
