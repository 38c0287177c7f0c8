"""What the activities of a bulk job do: list a segment, index a chunk of it, close it.

Each may be delivered twice and may be cut off at any point; done again it finds what is done. A
segment's second look is one listing for all of it (ADR 1): what changed since the first one, or
was put in or taken away meanwhile, is synced blob by blob.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared_code.bulk.indexing import BulkIndexing
from shared_code.bulk.jobs import Source
from shared_code.bulk.listing import BulkListing
from shared_code.bulk.manifests import Manifest
from shared_code.domain.errors import AppError, Unavailable, Unprocessable
from shared_code.domain.ports import BlobInfo, etag_of
from shared_code.feeds.intake import FeedIntake
from shared_code.feeds.items import FeedItem
from shared_code.indexing.crash_guard import MAX_DEATHS, Attempts
from shared_code.indexing.job_counts import Tally
from shared_code.indexing.listing_diff import Group

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BulkWork:
    listing: BulkListing
    indexing: BulkIndexing
    intake: FeedIntake

    def list_segment(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """A ``Segment``, or ``error``: why the job cannot go on."""
        source = Source.of_json(task["source"])
        try:
            segment = self.listing.list_segment(
                task["job"],
                task["number"],
                source=source,
                place=task["place"],
                chunk=task["chunk"],
            )
        except Unprocessable as exc:  # would be the same at every try
            return {"error": str(exc)}
        return segment.to_json()

    def index_chunk(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """A ``Tally``. Raises Unavailable for what may pass."""
        job, number, start = task["job"], task["segment"], task["start"]
        manifests = self.listing.manifests
        manifest = manifests.read(job, number)
        if manifest is None or manifests.is_cancelled(job):
            return Tally().to_json()
        with _Tries(self, f"jobs/{job}/{number:06}-{start}") as tries:
            part = _cut(manifest, start, task["end"])
            tally = self._careful(part, tries) if tries.is_deadly else self._chunk(part)
        return tally.to_json()

    def close_segment(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """A ``Tally`` of what only shows now; the manifest is gone afterwards."""
        job, number = task["job"], task["segment"]
        manifest, tally = self.listing.manifests.read(job, number), Tally()
        if manifest is not None and manifest.groups:
            for blob in manifest.blobs:  # of names that no product has
                self.indexing.one(blob, tally)
            for blob in self._changed(manifest):
                log.info("%s changed while %s went on", blob, job)
                self.indexing.indexer.sync(blob)
        self.listing.manifests.remove(job, number)
        return tally.to_json()

    def _chunk(self, part: Manifest) -> Tally:
        if part.items:
            return self._feed(part.items)
        tally = Tally()
        if part.groups:
            try:
                return self.indexing.sync(part.groups, listed_at=part.listed_at).tally
            except AppError:
                raise
            except Exception:  # a bug, that one picture sets off: the others shall not suffer
                log.exception("a chunk failed; its blobs are indexed one by one")
        for blob in _names(part):
            self._one(blob, tally)
        return tally

    def _feed(self, items: Sequence[FeedItem]) -> Tally:
        tally = Tally()
        groups = self.intake.store(items, tally)
        batch = self.indexing.sync(groups, listed_at=self.listing.now_us())
        for group in groups:
            tally.note("indexed" if group.product_id in batch.written else "current")
            if group.product_id in batch.written:
                self._look_again(group)
        tally.add(_of_parts(batch.tally))
        return tally

    def _look_again(self, group: Group) -> None:
        for info in group.blobs:
            if etag_of(self.indexing.indexer.images.head(info.name)) != info.etag:
                self.indexing.indexer.sync(info.name)

    def _careful(self, part: Manifest, tries: _Tries) -> Tally:
        """Blob by blob, since one of them takes the process down with it."""
        tally = Tally()
        if part.items:
            groups = self.intake.store(part.items, tally)
            tally.note("indexed", items=len(groups))
            tally.add(_of_parts(self._careful(Manifest(groups=groups), tries)))
            return tally
        infos = {info.name: info for info in part.infos}
        for blob in _names(part):
            if blob in infos and tries.has_killed(infos[blob]):
                tally.fail(blob, "the process ended while it was indexed")
            else:
                self._one(blob, tally)
        return tally

    def _one(self, blob: str, tally: Tally) -> None:
        try:
            self.indexing.one(blob, tally)
        except Unavailable:
            raise
        except Exception as exc:
            log.exception("%s cannot be indexed", blob)
            self.indexing.indexer.failures.record(blob, blob.partition("/")[0], f"{exc}")
            tally.fail(blob, str(exc))

    def _changed(self, manifest: Manifest) -> list[str]:
        """Names whose blobs are not as they were listed, in order."""
        before = {info.name: info.etag for info in manifest.infos}
        now = {info.name: info.etag for info in self._listed_again(manifest)}
        names = before.keys() | now.keys()
        return sorted(name for name in names if before.get(name) != now.get(name))

    def _listed_again(self, manifest: Manifest) -> Iterator[BlobInfo]:
        last, cursor = manifest.infos[-1].name, manifest.cursor
        while True:
            size = self.listing.page_size
            page = self.listing.images.list(manifest.prefix, limit=size, cursor=cursor)
            yield from (info for info in page.items if info.name <= last)
            cursor = page.cursor
            if cursor is None or page.items[-1].name >= last:
                return


class _Tries:
    """How often a chunk was begun and not ended, for the picture that ends the process."""

    def __init__(self, work: BulkWork, name: str) -> None:
        self._store = work.listing.manifests.store
        self._attempts: Attempts | None = None
        self._name = name
        found = self._store.read(f"{name}-begun")
        self._begun = 1 + (int(json.loads(found.data)) if found is not None else 0)
        self.is_deadly = self._begun > MAX_DEATHS
        if self.is_deadly:
            failures = work.indexing.indexer.failures
            self._attempts = Attempts(self._store, failures, f"{name}-in-hand")

    def has_killed(self, info: BlobInfo) -> bool:
        return self._attempts is not None and self._attempts.has_killed(info)

    def __enter__(self) -> _Tries:
        begun = json.dumps(self._begun).encode()
        self._store.write(f"{self._name}-begun", begun, content_type="application/json")
        return self

    def __exit__(self, *_: object) -> None:
        """Also when something was raised: the process lives."""
        self._store.delete(f"{self._name}-begun")
        if self._attempts is not None:
            self._attempts.end()


def _of_parts(blobs: Tally) -> Tally:
    """What an item's blobs add to its own outcome."""
    counted = {name: blobs.counts[name] for name in ("images", "failed")}
    return Tally(Counter(counted), blobs.problems)


def _cut(manifest: Manifest, start: int, end: int) -> Manifest:
    return Manifest(
        groups=manifest.groups[start:end],
        items=manifest.items[start:end],
        blobs=() if manifest.groups else manifest.blobs[start:end],
        listed_at=manifest.listed_at,
    )


def _names(part: Manifest) -> list[str]:
    return [*(info.name for info in part.infos), *part.blobs]
