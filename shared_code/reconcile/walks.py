"""One call's part of a reconcile: a page at a time, a thing to mend at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from shared_code.domain.errors import AppError, Unavailable, Unprocessable
from shared_code.domain.naming import Place, picture_ref
from shared_code.domain.ports import BlobInfo, ProductIndex
from shared_code.domain.products import PointRef
from shared_code.failures.store import Failure, Failures
from shared_code.indexing.crash_guard import Attempts
from shared_code.indexing.indexing import Indexer
from shared_code.indexing.listing_diff import Group, groups_of
from shared_code.indexing.texts import Outcome
from shared_code.reconcile.progress import Progress

log = logging.getLogger(__name__)

MAX_ERRORS_IN_A_ROW = 5
"""Then something is down, and going on would only write failures."""


class OutOfTime(Exception):
    """The call's time is over in the middle of a page, which is begun again by the next call."""


@dataclass(slots=True)
class Pass:
    """What one call does of a pass."""

    indexer: Indexer
    index: ProductIndex
    failures: Failures
    progress: Progress
    attempts: Attempts | None
    """None for a dry run, which changes nothing."""
    clock: Callable[[], float]
    deadline: float
    """When the call's time is over, by the clock."""
    page_size: int
    errors_in_a_row: int = 0

    @property
    def dry_run(self) -> bool:
        return self.attempts is None

    def do_page(self) -> None:
        if self.clock() >= self.deadline:
            raise OutOfTime
        walks = {
            "container": self._container_page,
            "index": self._index_page,
            "failures": self._failures_page,
        }
        self.progress.turn_page(walks[self.progress.phase](self.progress.cursor))

    def _container_page(self, cursor: str | None) -> str | None:
        page = self.indexer.images.list(limit=self.page_size, cursor=cursor)
        is_last = page.cursor is None
        groups, nameless = groups_of(page.items, is_first=cursor is None, is_last=is_last)
        refs = [ref for group in groups for ref in group.refs]
        stored = self.index.sources(refs)
        for group in groups:
            for info in group.doubtful_pictures(stored):
                self._mend_blob(info)
            if group.has_doubtful_words(stored):
                self._mend_words(group)
        for info in nameless:
            if self.failures.find(info.name) is None:
                self._mend_nameless(info.name)
        for ref in refs:
            self.progress.see(ref)
        self.progress.totals["blobs"] += len(page.items)
        return page.cursor

    def _index_page(self, cursor: str | None) -> str | None:
        page = self.index.points(limit=self.page_size, cursor=cursor)
        for ref in page.items:
            if not self.progress.has_seen(ref):
                self._mend_point(ref)
        self.progress.totals["points"] += len(page.items)
        return page.cursor

    def _failures_page(self, cursor: str | None) -> str | None:
        page = self.failures.page(limit=self.page_size, cursor=cursor)
        for failure in page.items:
            if failure.product_id:  # others name no blob
                self._settle(failure)
        return page.cursor

    def _settle(self, failure: Failure) -> None:
        """Clears what is gone or indexed; what may succeed, and did not before, has a last try."""
        try:
            info = self.indexer.images.head(failure.blob)
        except Unprocessable:
            return
        if info is not None and info.etag == failure.etag:
            return
        if info is None or self.indexer.is_current(info, Place.of(failure.blob)):
            self.progress.note(failure.blob, "failure cleared")
            if not self.dry_run:
                self.failures.clear(failure.blob)
        elif not self.dry_run:
            self._mend_blob(info)

    def _mend_blob(self, info: BlobInfo) -> None:
        known = self.failures.find(info.name)
        if known is not None and known.etag == info.etag:
            self.progress.totals["known failures"] += 1
        elif self.attempts is None:
            self.progress.note(info.name, "indexed")
        elif not self.attempts.has_killed(info):
            product_id = Place.of(info.name).product_id
            self._mend(info.name, lambda: self.indexer.sync(info.name), product_id)

    def _mend_nameless(self, blob: str) -> None:
        if self.dry_run:
            self.progress.note(blob, "failed")
        else:
            self._mend(blob, lambda: self.indexer.sync(blob))

    def _mend_words(self, group: Group) -> None:
        outlook = self.indexer.texts.outlook(group.product_id)
        if outlook == "current":
            return
        if self.dry_run:
            self.progress.note(f"words of {group.product_id}", outlook)
            return
        for document in group.documents:
            self._mend_blob(document)
        refresh = self.indexer.texts.refresh
        self._mend(f"words of {group.product_id}", lambda: refresh(group.product_id))

    def _mend_point(self, ref: PointRef) -> None:
        """Of a point that storage did not speak for when its page was read."""
        if ref.kind == "text":
            if self.indexer.texts.outlook(ref.product_id) == "removed":
                refresh = self.indexer.texts.refresh
                self._remove(f"words of {ref.product_id}", lambda: refresh(ref.product_id))
        elif not _is_named_after(ref):
            self._remove(ref.image_key, lambda: self._delete(ref))
        elif self.indexer.images.head(ref.image_key) is None:
            self._remove(ref.image_key, lambda: self.indexer.sync(ref.image_key))

    def _remove(self, what: str, remove: Callable[[], Outcome]) -> None:
        if self.dry_run:
            self.progress.note(what, "removed")
        else:
            self._mend(what, remove)

    def _delete(self, ref: PointRef) -> Outcome:
        self.index.delete([ref])
        return "removed"

    def _mend(self, what: str, mend: Callable[[], Outcome], product_id: str = "") -> None:
        """One thing that fails is noted, and a blob recorded; several in a row are an outage."""
        try:
            outcome = mend()
        except Exception as exc:
            log.warning("reconcile: %s: %s", what, exc, exc_info=not isinstance(exc, AppError))
            self.progress.note(what, "errors")
            self.errors_in_a_row += 1
            if product_id:
                self.failures.record(what, product_id, f"Reconciling it failed: {exc}")
            if self.errors_in_a_row >= MAX_ERRORS_IN_A_ROW:
                raise Unavailable(f"{self.errors_in_a_row} in a row failed: {exc}") from exc
        else:
            self.errors_in_a_row = 0
            if outcome != "current":
                self.progress.note(what, outcome)
        if self.clock() >= self.deadline:
            raise OutOfTime


def _is_named_after(ref: PointRef) -> bool:
    """False for a point that no blob of this name would be written to."""
    try:
        return picture_ref(ref.image_key) == ref
    except Unprocessable:
        return False
