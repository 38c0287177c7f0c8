"""A segment's items as a blob: what was listed once, for the chunks that work on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared_code.bulk.jobs import Segment, cancelled_flag, manifest_of
from shared_code.domain.ports import BlobInfo, BlobStore
from shared_code.feeds.items import FeedItem
from shared_code.indexing.listing_diff import Group


@dataclass(frozen=True, slots=True)
class Manifest:
    """One of the lists is filled, according to the source."""

    groups: Sequence[Group] = ()
    """Of a container, in the order of the listing."""
    items: Sequence[FeedItem] = ()
    """Of a feed, in the order of its rows."""
    blobs: Sequence[str] = ()
    """To be looked at one by one."""
    listed_at: int = 0
    """Microseconds since the epoch, before the listing."""
    prefix: str = ""
    cursor: str | None = None
    """With the prefix, the listing that gave the groups."""

    @property
    def infos(self) -> list[BlobInfo]:
        return [info for group in self.groups for info in group.blobs]


@dataclass(frozen=True, slots=True)
class Manifests:
    """Of all jobs; and the flags that stop them."""

    store: BlobStore

    def write(self, job: str, segment: Segment, manifest: Manifest) -> None:
        said = {"segment": segment.to_json(), **_to_json(manifest)}
        data = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
        self.store.write(manifest_of(job, segment.number), data, content_type="application/json")

    def read(self, job: str, number: int) -> Manifest | None:
        """None once the segment is closed."""
        found = self._found(job, number)
        return _of_json(found) if found is not None else None

    def segment(self, job: str, number: int) -> Segment | None:
        """As it was listed; None before that and once it is closed."""
        found = self._found(job, number)
        return Segment.of_json(found["segment"]) if found is not None else None

    def _found(self, job: str, number: int) -> dict[str, Any] | None:
        found = self.store.read(manifest_of(job, number))
        return json.loads(found.data) if found is not None else None

    def remove(self, job: str, number: int) -> None:
        self.store.delete(manifest_of(job, number))

    def cancel(self, job: str) -> None:
        self.store.write(cancelled_flag(job), b"", content_type="text/plain")

    def is_cancelled(self, job: str) -> bool:
        return self.store.head(cancelled_flag(job)) is not None


def _to_json(manifest: Manifest) -> dict[str, Any]:
    return {
        "groups": [
            [group.product_id, group.is_cut, [_row(info) for info in group.blobs]]
            for group in manifest.groups
        ],
        "items": [item.to_json() for item in manifest.items],
        "blobs": list(manifest.blobs),
        "listed_at": manifest.listed_at,
        "prefix": manifest.prefix,
        "cursor": manifest.cursor,
    }


def _row(info: BlobInfo) -> list[Any]:
    return [info.name, info.etag, info.version, info.size, dict(info.metadata)]


def _of_json(said: dict[str, Any]) -> Manifest:
    groups = [
        Group(product_id, [BlobInfo(*row) for row in rows], is_cut)
        for product_id, is_cut, rows in said.pop("groups")
    ]
    items = [FeedItem.of_json(item) for item in said.pop("items")]
    del said["segment"]
    return Manifest(groups, items, **said)
