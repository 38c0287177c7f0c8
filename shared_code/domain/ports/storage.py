"""Blob storage: a container of the storage account, or a folder on a laptop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared_code.domain.ports.paging import Page


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A blob's current state. ``version`` is its last change, in microseconds since the epoch."""

    name: str
    etag: str
    version: int
    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Blob:
    info: BlobInfo
    data: bytes


class BlobStore(Protocol):
    """One container of blobs. Names are '/'-separated. Raises Unprocessable for a name that leads
    out of the container."""

    def head(self, name: str) -> BlobInfo | None: ...

    def read(self, name: str) -> Blob | None: ...

    def read_range(self, name: str, start: int, length: int) -> Blob | None:
        """Returns up to ``length`` bytes from ``start`` on; fewer, or none, where the blob ends."""

    def write(self, name: str, data: bytes, *, content_type: str) -> BlobInfo:
        """Creates or replaces the blob whole: a reader never sees half of it."""

    def delete(self, name: str) -> bool:
        """Returns whether there was something to delete."""

    def list(
        self, prefix: str = "", *, limit: int = 1000, cursor: str | None = None
    ) -> Page[BlobInfo]:
        """Returns blobs whose name starts with ``prefix``, ordered by name."""

    def ping(self) -> None:
        """Raises Unavailable unless the store answers now."""


def every_blob(store: BlobStore, prefix: str = "") -> Iterator[BlobInfo]:
    """Yields the blobs whose name starts with ``prefix``, ordered by name, fetched page by page."""
    cursor: str | None = None
    while True:
        page = store.list(prefix, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def etag_of(info: BlobInfo | None) -> str:
    """Returns the blob's etag; empty for a blob that is not there."""
    return info.etag if info is not None else ""
