"""Compares container and index, both ways, and mends what events missed.

Three walks, page by page. Through the container: what the index lacks, or holds of another
content or with other words, is looked at again (``Indexer.sync``). Through the index: points
of which the first walk saw nothing are looked at again. Through the failures: those that are
settled are cleared. Nothing is changed on the word of a listing alone, so events may be
handled meanwhile, and two passes at once only cost time.
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
from shared_code.failures.store import Failures
from shared_code.indexing.crash_guard import Attempts
from shared_code.indexing.indexing import Indexer
from shared_code.reconcile.progress import Progress, ProgressStore
from shared_code.reconcile.walks import OutOfTime, Pass

log = logging.getLogger(__name__)

SAVE_EVERY_S = 10.0
"""The place takes eight bytes per point: written after every page it would be most of the work."""


@dataclass(frozen=True, slots=True)
class Reconcile:
    indexer: Indexer
    index: ProductIndex
    failures: Failures
    state: BlobStore
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now
    place: str = "reconcile"
    """The blob that tells how far it has come."""
    page_size: int = 500
    """Blobs, points or failures: one listing and one look into the index for all of them."""

    def run(self, *, seconds: float, dry_run: bool = False, restart: bool = False) -> Progress:
        """Goes on with the pass that was begun, for this long; its phase tells whether it is done.

        A dry run changes nothing and counts what would be done. Raises Unavailable when index or
        storage is down; what was done until then is kept.
        """
        places = ProgressStore(self.state, dry_run, self.place)
        if restart:
            places.clear()
        progress = places.load(self.index.collection, self.now())
        began = saved = self.clock()
        attempts = None if dry_run else Attempts(self.state, self.failures)
        one_pass = Pass(
            self.indexer,
            self.index,
            self.failures,
            progress,
            attempts,
            self.clock,
            deadline=began + seconds,
            page_size=self.page_size,
        )
        try:
            while not progress.is_done:
                one_pass.do_page()
                if progress.is_done or self.clock() - saved >= SAVE_EVERY_S:
                    places.save(progress)
                    saved = self.clock()
        except OutOfTime:
            places.save(progress)
        except Unavailable:
            places.save(progress)
            raise
        except Unprocessable as exc:  # storage or index forgot the page we were at
            places.clear()
            raise Unavailable(f"Cannot go on where this was cut off ({exc}); begin anew.") from exc
        finally:
            if attempts is not None:
                attempts.end()
        log.info("reconcile: %s, %s", progress.phase, dict(progress.totals))
        return progress
