"""A segment's items, listed once and stored as a blob for the chunks that index them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared_code.bulk.jobs import BulkSegment, cancel_flag_name, manifest_name
from shared_code.domain.ports import BlobInfo, BlobStore
from shared_code.feeds import FeedItem
from shared_code.indexing import Group


@dataclass(frozen=True, slots=True)
class SegmentManifest:
    """The items of a segment, in one of the lists, depending on the source."""

    groups: Sequence[Group] = ()
    """The products of a container, in the order of the listing."""
    items: Sequence[FeedItem] = ()
    """The products of a feed, in the order of its rows."""
    blobs: Sequence[str] = ()
    """Blobs to be synced one by one."""
    listed_at: int = 0
    """Microseconds since the epoch, before the listing."""
    prefix: str = ""
    cursor: str | None = None
    """With the prefix, the listing that returned the groups."""

    @property
    def infos(self) -> list[BlobInfo]:
        return [info for group in self.groups for info in group.blobs]


@dataclass(frozen=True, slots=True)
class ManifestStore:
    """The manifests of all jobs, and the flags that cancel them."""

    store: BlobStore

    def write(self, job: str, segment: BulkSegment, manifest: SegmentManifest) -> None:
        document = {"segment": segment.to_json(), **_to_json(manifest)}
        data = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        self.store.write(manifest_name(job, segment.number), data, content_type="application/json")

    def read(self, job: str, number: int) -> SegmentManifest | None:
        """Returns the manifest; None once the segment is closed."""
        document = self._load(job, number)
        return _from_json(document) if document is not None else None

    def read_segment(self, job: str, number: int) -> BulkSegment | None:
        """Returns the segment as it was listed; None before that and once it is closed."""
        document = self._load(job, number)
        return BulkSegment.from_json(document["segment"]) if document is not None else None

    def _load(self, job: str, number: int) -> dict[str, Any] | None:
        blob = self.store.read(manifest_name(job, number))
        return json.loads(blob.data) if blob is not None else None

    def remove(self, job: str, number: int) -> None:
        self.store.delete(manifest_name(job, number))

    def cancel(self, job: str) -> None:
        self.store.write(cancel_flag_name(job), b"", content_type="text/plain")

    def is_cancelled(self, job: str) -> bool:
        return self.store.head(cancel_flag_name(job)) is not None


def _to_json(manifest: SegmentManifest) -> dict[str, Any]:
    return {
        "groups": [
            [group.product_id, group.is_cut, [_to_row(info) for info in group.blobs]]
            for group in manifest.groups
        ],
        "items": [item.to_json() for item in manifest.items],
        "blobs": list(manifest.blobs),
        "listed_at": manifest.listed_at,
        "prefix": manifest.prefix,
        "cursor": manifest.cursor,
    }


def _to_row(info: BlobInfo) -> list[Any]:
    return [info.name, info.etag, info.version, info.size, dict(info.metadata)]


def _from_json(document: dict[str, Any]) -> SegmentManifest:
    groups = [
        Group(product_id, [BlobInfo(*row) for row in rows], is_cut)
        for product_id, is_cut, rows in document.pop("groups")
    ]
    items = [FeedItem.from_json(item) for item in document.pop("items")]
    del document["segment"]
    return SegmentManifest(groups, items, **document)
