"""What could not be indexed, and why: one small JSON blob per failed blob.

Kept in blob storage because it must survive restarts and be seen by every instance, and
because it is there already: the same code serves a folder on a laptop and Azure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from shared_code.domain.dates import utc_now
from shared_code.domain.ports import Blob, BlobStore, Page, every_blob


@dataclass(frozen=True, slots=True)
class Failure:
    """A blob that could not be indexed."""

    blob: str
    product_id: str
    reason: str
    at: str
    """When it was recorded: ISO 8601, UTC."""
    etag: str = ""
    """The state of the blob that can never be indexed; empty when another try may succeed."""


@dataclass(frozen=True, slots=True)
class Failures:
    store: BlobStore
    now: Callable[[], datetime] = utc_now

    def record(self, blob: str, product_id: str, reason: str, *, etag: str = "") -> None:
        """Replaces what was recorded for this blob before."""
        at = self.now().isoformat(timespec="seconds")
        failure = Failure(blob, product_id, reason, at, etag)
        data = json.dumps(asdict(failure), ensure_ascii=False).encode()
        self.store.write(_key(blob), data, content_type="application/json")

    def clear(self, blob: str) -> None:
        self.store.delete(_key(blob))

    def clear_all(self, blobs: Sequence[str]) -> None:
        """The same for many: one listing tells that there is nothing to clear."""
        known = self.store.list()
        keys = {info.name for info in known.items}
        for blob in blobs:
            if known.cursor is not None or _key(blob) in keys:
                self.clear(blob)

    def find(self, blob: str) -> Failure | None:
        found = self.store.read(_key(blob))
        return _failure(found) if found is not None else None

    def count(self) -> int:
        return sum(1 for _ in every_blob(self.store))

    def page(self, *, limit: int, cursor: str | None = None) -> Page[Failure]:
        """In no order that means anything, but a stable one."""
        listed = self.store.list(limit=limit, cursor=cursor)
        read = (self.store.read(info.name) for info in listed.items)
        return Page(tuple(_failure(blob) for blob in read if blob is not None), listed.cursor)


def _failure(blob: Blob) -> Failure:
    try:
        return Failure(**json.loads(blob.data))
    except (ValueError, TypeError):
        return Failure(blob.info.name, "", "this is no record of a failure; delete it", "")


def _key(blob: str) -> str:
    # a digest, since a blob's name may be as long as a name can be, before the suffix
    return hashlib.sha256(blob.encode()).hexdigest()[:40] + ".json"
