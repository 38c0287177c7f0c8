"""Every blob of a store, whatever its page size."""

from __future__ import annotations

from collections.abc import Iterator

from shared_code.domain.ports import BlobInfo, BlobStore


def every_blob(store: BlobStore, prefix: str = "") -> Iterator[BlobInfo]:
    """Those whose name starts with ``prefix``, ordered by name, fetched page by page."""
    cursor: str | None = None
    while True:
        page = store.list(prefix, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return
