"""The activities of a bulk job: list a segment, index a chunk of it, close it.

Each may be delivered twice and may be cut off at any point; run again, it skips what is done. When
a segment is closed, it is listed a second time (ADR 1): what was changed, added or deleted since
the first listing is synced blob by blob.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared_code.bulk.indexing import BulkIndexer
from shared_code.bulk.jobs import BulkSource
from shared_code.bulk.listing import BulkLister
from shared_code.bulk.manifests import SegmentManifest
from shared_code.domain.errors import AppError, Unavailable, Unprocessable
from shared_code.domain.ports import BlobInfo, etag_of
from shared_code.feeds import FeedIntake, FeedItem
from shared_code.indexing import MAX_DEATHS, CrashGuard, Group, JobCounts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BulkWork:
    listing: BulkLister
    batch_indexer: BulkIndexer
    intake: FeedIntake

    def list_segment(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Returns a ``BulkSegment``, or ``error``: why the job cannot go on."""
        source = BulkSource.from_json(task["source"])
        try:
            segment = self.listing.list_segment(
                task["job"],
                task["number"],
                source=source,
                place=task["place"],
                chunk=task["chunk"],
            )
        except Unprocessable as exc:  # would fail in the same way again
            return {"error": str(exc)}
        return segment.to_json()

    def index_chunk(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Returns ``JobCounts``. Raises Unavailable for what may pass."""
        job, number, start = task["job"], task["segment"], task["start"]
        manifests = self.listing.manifests
        manifest = manifests.read(job, number)
        if manifest is None or manifests.is_cancelled(job):
            return JobCounts().to_json()
        with _ChunkAttempts(self, f"jobs/{job}/{number:06}-{start}") as attempts:
            part = _slice(manifest, start, task["end"])
            counts = self._index_singly(part, attempts) if attempts.crashed else self._index(part)
        return counts.to_json()

    def close_segment(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Returns ``JobCounts`` of what only shows at the end; deletes the manifest."""
        job, number = task["job"], task["segment"]
        manifest, counts = self.listing.manifests.read(job, number), JobCounts()
        if manifest is not None and manifest.groups:
            for blob in manifest.blobs:  # whose names name no product
                self.batch_indexer.sync_blob(blob, counts)
            for blob in self._find_changed(manifest):
                log.info("%s changed during %s", blob, job)
                self.batch_indexer.indexer.sync(blob)
        self.listing.manifests.remove(job, number)
        return counts.to_json()

    def _index(self, part: SegmentManifest) -> JobCounts:
        if part.items:
            return self._index_feed(part.items)
        counts = JobCounts()
        if part.groups:
            try:
                return self.batch_indexer.sync(part.groups, listed_at=part.listed_at).counts
            except AppError:
                raise
            except Exception:  # a bug that one picture triggers: the others must not suffer
                log.exception("A chunk failed; its blobs are indexed one by one.")
        for blob in _blob_names(part):
            self._sync_blob(blob, counts)
        return counts

    def _index_feed(self, items: Sequence[FeedItem]) -> JobCounts:
        counts = JobCounts()
        groups = self.intake.store(items, counts)
        batch = self.batch_indexer.sync(groups, listed_at=self.listing.now_us())
        for group in groups:
            counts.note("indexed" if group.product_id in batch.changed else "current")
            if group.product_id in batch.changed:
                self._sync_changed(group)
        counts.add(_count_parts(batch.counts))
        return counts

    def _sync_changed(self, group: Group) -> None:
        for info in group.blobs:
            if etag_of(self.batch_indexer.indexer.images.head(info.name)) != info.etag:
                self.batch_indexer.indexer.sync(info.name)

    def _index_singly(self, part: SegmentManifest, attempts: _ChunkAttempts) -> JobCounts:
        """Indexes blob by blob, since one of them crashes the process."""
        counts = JobCounts()
        if part.items:
            groups = self.intake.store(part.items, counts)
            counts.note("indexed", items=len(groups))
            counts.add(_count_parts(self._index_singly(SegmentManifest(groups=groups), attempts)))
            return counts
        infos = {info.name: info for info in part.infos}
        for blob in _blob_names(part):
            if blob in infos and attempts.has_killed(infos[blob]):
                counts.fail(blob, "the process ended while it was indexed")
            else:
                self._sync_blob(blob, counts)
        return counts

    def _sync_blob(self, blob: str, counts: JobCounts) -> None:
        try:
            self.batch_indexer.sync_blob(blob, counts)
        except Unavailable:
            raise
        except Exception as exc:
            log.exception("%s cannot be indexed", blob)
            self.batch_indexer.indexer.failures.record(blob, blob.partition("/")[0], f"{exc}")
            counts.fail(blob, str(exc))

    def _find_changed(self, manifest: SegmentManifest) -> list[str]:
        """Returns the names of blobs that are not as they were listed, in order."""
        before = {info.name: info.etag for info in manifest.infos}
        now = {info.name: info.etag for info in self._list_again(manifest)}
        names = before.keys() | now.keys()
        return sorted(name for name in names if before.get(name) != now.get(name))

    def _list_again(self, manifest: SegmentManifest) -> Iterator[BlobInfo]:
        last, cursor = manifest.infos[-1].name, manifest.cursor
        while True:
            size = self.listing.page_size
            page = self.listing.images.list(manifest.prefix, limit=size, cursor=cursor)
            yield from (info for info in page.items if info.name <= last)
            cursor = page.cursor
            if cursor is None or page.items[-1].name >= last:
                return


class _ChunkAttempts:
    """Counts how often a chunk was begun and not ended, because a picture crashes the process."""

    def __init__(self, work: BulkWork, name: str) -> None:
        self._store = work.listing.manifests.store
        self._guard: CrashGuard | None = None
        self._name = name
        record = self._store.read(f"{name}-begun")
        self._begun = 1 + (int(json.loads(record.data)) if record is not None else 0)
        self.crashed = self._begun > MAX_DEATHS
        if self.crashed:
            failures = work.batch_indexer.indexer.failures
            self._guard = CrashGuard(self._store, failures, f"{name}-in-hand")

    def has_killed(self, info: BlobInfo) -> bool:
        return self._guard is not None and self._guard.has_killed(info)

    def __enter__(self) -> _ChunkAttempts:
        begun = json.dumps(self._begun).encode()
        self._store.write(f"{self._name}-begun", begun, content_type="application/json")
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the attempt even where something was raised: the process is alive."""
        self._store.delete(f"{self._name}-begun")
        if self._guard is not None:
            self._guard.end()


def _count_parts(blobs: JobCounts) -> JobCounts:
    """Returns the counts that an item's blobs add to its own outcome."""
    counted = {name: blobs.by_outcome[name] for name in ("images", "failed")}
    return JobCounts(Counter(counted), blobs.problems)


def _slice(manifest: SegmentManifest, start: int, end: int) -> SegmentManifest:
    return SegmentManifest(
        groups=manifest.groups[start:end],
        items=manifest.items[start:end],
        blobs=() if manifest.groups else manifest.blobs[start:end],
        listed_at=manifest.listed_at,
    )


def _blob_names(part: SegmentManifest) -> list[str]:
    return [*(info.name for info in part.infos), *part.blobs]
