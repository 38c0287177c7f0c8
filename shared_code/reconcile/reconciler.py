"""Compares container and index both ways, and mends what events missed.

A pass makes three walks, page by page. In the container: blobs that the index lacks, or holds with
other content or text, are synced (``Indexer.sync``). In the index: points without a blob are synced
as well. In the failures: those that are settled are cleared. Nothing is changed because of a
listing alone, so events may be handled meanwhile, and two passes at once only cost time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared_code.domain.dates import utc_now
from shared_code.domain.errors import Unavailable, Unprocessable
from shared_code.domain.ports import BlobStore, ProductIndex
from shared_code.failures import Failures
from shared_code.indexing import CrashGuard, Indexer
from shared_code.reconcile.progress import Progress, ProgressStore
from shared_code.reconcile.walks import OutOfTime, ReconcilePass

log = logging.getLogger(__name__)

SAVE_EVERY_S = 10.0
"""The progress takes eight bytes per point: saving it after every page would be most of the
work."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    indexer: Indexer
    index: ProductIndex
    failures: Failures
    state: BlobStore
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now
    progress_blob: str = "reconcile"
    """The blob that stores how far a pass has come."""
    page_size: int = 500
    """Blobs, points or failures per page: one listing and one look into the index for all of
    them."""

    def run(self, *, seconds: float, dry_run: bool = False, restart: bool = False) -> Progress:
        """Goes on with the current pass for this long; the phase says whether it is done.

        A dry run changes nothing and counts what would be done. Raises Unavailable when index or
        storage is down; the progress until then is saved.
        """
        store = ProgressStore(self.state, dry_run, self.progress_blob)
        if restart:
            store.clear()
        progress = store.load(self.index.collection, self.now())
        began = saved = self.clock()
        crash_guard = None if dry_run else CrashGuard(self.state, self.failures)
        one_pass = ReconcilePass(
            self.indexer,
            self.index,
            self.failures,
            progress,
            crash_guard,
            self.clock,
            deadline=began + seconds,
            page_size=self.page_size,
        )
        try:
            while not progress.is_done:
                one_pass.do_page()
                if progress.is_done or self.clock() - saved >= SAVE_EVERY_S:
                    store.save(progress)
                    saved = self.clock()
        except OutOfTime:
            store.save(progress)
        except Unavailable:
            store.save(progress)
            raise
        except Unprocessable as exc:  # storage or index no longer knows the page
            store.clear()
            raise Unavailable(
                f"Cannot go on where the pass was cut off ({exc}); start over."
            ) from exc
        finally:
            if crash_guard is not None:
                crash_guard.end()
        log.info("reconcile: %s, %s", progress.phase, dict(progress.totals))
        return progress
