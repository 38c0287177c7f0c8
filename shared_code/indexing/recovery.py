"""Another try at what could not be indexed, when somebody asks for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from shared_code.failures import Failures
from shared_code.indexing.indexing import Indexer


@dataclass(frozen=True, slots=True)
class RetryReport:
    """What became of a page of failures; ``cursor`` leads on to the next one."""

    tried: int
    failed: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    indexer: Indexer
    failures: Failures

    def retry(self, *, limit: int, cursor: str | None = None) -> RetryReport:
        """Looks again at a page of the blobs that failed; those that work now are cleared."""
        page = self.failures.page(limit=limit, cursor=cursor)
        outcomes = Counter(self.indexer.retry(failure.blob) for failure in page.items)
        return RetryReport(len(page.items), outcomes["failed"], page.cursor)
