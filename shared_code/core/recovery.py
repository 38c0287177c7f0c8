"""What becomes of events that failed: recorded, and tried again when someone asks."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass

from shared_code.core.errors import Unavailable, Unprocessable
from shared_code.core.failures import Failures
from shared_code.core.indexing import Indexer
from shared_code.core.naming import Place

log = logging.getLogger(__name__)

MAX_QUOTED = 1_000
"""Characters of a message that nobody here understands."""


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a page of failures; ``cursor`` leads on to the next one."""

    tried: int
    failed: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    indexer: Indexer
    failures: Failures

    def retry(self, *, limit: int, cursor: str | None = None) -> Retried:
        """Looks again at a page of the blobs that failed; those that work now are cleared."""
        page = self.failures.page(limit=limit, cursor=cursor)
        outcomes = Counter(self.indexer.sync(failure.blob) for failure in page.items)
        return Retried(len(page.items), outcomes["failed"], page.cursor)

    def given_up(self, blob: str) -> None:
        """The host's tries at this blob are used up: recorded, unless that is settled by now.

        Needs no index, since an index that was down may be why.
        """
        try:
            place = Place.of(blob)
            info = self.indexer.images.head(blob)
        except Unprocessable as exc:
            self.failures.record(blob, "", str(exc))
            return
        if info is None:  # gone: its delete has an event of its own
            self.failures.clear(blob)
            return
        known = self.failures.find(blob)
        if known is not None and known.etag == info.etag:
            return  # it can never be indexed, and the record says why
        why = "the log says why."
        try:
            if self.indexer.is_current(info, place):
                self.failures.clear(blob)
                return
        except Unavailable as exc:
            why = f"{exc} "
        reason = f"Given up: every try of the host failed; {why.strip()}"
        log.error("%s: %s", blob, reason)
        self.failures.record(blob, place.product_id, reason)

    def not_ours(self, message_id: str, text: str) -> None:
        """Keeps a message of the poison queue that names no blob of the images container."""
        quoted = text[:MAX_QUOTED] + ("…" if len(text) > MAX_QUOTED else "")
        log.error("a poison message of nothing known here: %s", quoted)
        reason = f"A poison message that names no blob of the images container: {quoted}"
        self.failures.record(f"queue message {message_id}", "", reason)
