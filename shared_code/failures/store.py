"""The failures: one small JSON blob for each blob that could not be indexed, and why.

Blob storage survives restarts, every instance sees it, and it is there already: the same code
works with a folder on a laptop and with Azure.
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
        """Records a failure, in place of an earlier one of the same blob."""
        at = self.now().isoformat(timespec="seconds")
        failure = Failure(blob, product_id, reason, at, etag)
        data = json.dumps(asdict(failure), ensure_ascii=False).encode()
        self.store.write(_key(blob), data, content_type="application/json")

    def clear(self, blob: str) -> None:
        """Deletes the blob's failure, if there is one."""
        self.store.delete(_key(blob))

    def clear_all(self, blobs: Sequence[str]) -> None:
        """Does the same for many blobs; where there are no failures, one listing shows that."""
        page = self.store.list()
        keys = {info.name for info in page.items}
        for blob in blobs:
            if page.cursor is not None or _key(blob) in keys:
                self.clear(blob)

    def find(self, blob: str) -> Failure | None:
        record = self.store.read(_key(blob))
        return _parse_record(record) if record is not None else None

    def count(self) -> int:
        return sum(1 for _ in every_blob(self.store))

    def page(self, *, limit: int, cursor: str | None = None) -> Page[Failure]:
        """Returns failures in an order that means nothing but is stable."""
        page = self.store.list(limit=limit, cursor=cursor)
        records = (self.store.read(info.name) for info in page.items)
        failures = tuple(_parse_record(record) for record in records if record is not None)
        return Page(failures, page.cursor)


def _parse_record(record: Blob) -> Failure:
    try:
        return Failure(**json.loads(record.data))
    except (ValueError, TypeError):
        return Failure(record.info.name, "", "this is not a record of a failure; delete it", "")


def _key(blob: str) -> str:
    # a digest, since a blob's name may already be as long as names can be
    return hashlib.sha256(blob.encode()).hexdigest()[:40] + ".json"
