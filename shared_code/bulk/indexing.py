"""Indexes many blobs at once, by the same rules by which ``Indexer`` indexes one.

A batch trusts the listing about which blobs there are; ``BulkWork`` looks again afterwards, once
for all of them. Exceptions, such as a picture that cannot be decoded or is gone, are left to
``Indexer.sync``, so there is no second way to handle them. The index that points are written to is
``shared_code/adapters/qdrant/cloud/index.py`` in Azure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared_code.domain.errors import Unprocessable, UnsupportedImage
from shared_code.domain.naming import picture_ref
from shared_code.domain.ports import Blob, BlobInfo
from shared_code.domain.products import PointRef, PointRevision
from shared_code.domain.timing import stage
from shared_code.indexing import (
    Duplicates,
    Group,
    Indexer,
    JobCounts,
    Listing,
    ObservedText,
    embed_many_words,
    image_record,
    is_current,
    text_record,
)

if TYPE_CHECKING:
    from typing import Any

    from shared_code.domain.products import Vector

MAX_DECODED = 16
"""Decoded pictures in memory (10 MB) before they are embedded. The encoder makes smaller
batches."""


@dataclass(slots=True)
class _ProductWork:
    """The work to do for one product."""

    group: Group
    text: ObservedText
    outdated: list[BlobInfo] = field(default_factory=list)
    """Pictures that are embedded already, but carry an outdated text."""
    missing: list[BlobInfo] = field(default_factory=list)
    """Pictures whose content is not embedded yet."""
    embedded: list[tuple[BlobInfo, Vector]] = field(default_factory=list)
    text_is_current: bool = False
    """The text point holds the present text, and so do all embedded pictures."""
    has_point: bool = False
    """The product has pictures that need no change."""
    replaced: set[str] = field(default_factory=set)
    """Names of missing pictures that replace an earlier one."""
    unusable: list[BlobInfo] = field(default_factory=list)
    """Documents that would come before the one that the text is from, but cannot be used."""

    @property
    def has_product(self) -> bool:
        """A sidecar or an unreadable picture alone makes no product."""
        return self.text.from_document or bool(self.embedded or self.outdated or self.has_point)


@dataclass(frozen=True, slots=True)
class Batch:
    """The outcome for some products."""

    counts: JobCounts
    """The outcomes of their blobs."""
    changed: frozenset[str]
    """Ids of the products of which something was written."""


@dataclass(frozen=True, slots=True)
class BulkIndexer:
    indexer: Indexer

    def sync(self, groups: Sequence[Group], *, listed_at: int) -> Batch:
        """Makes the index agree with these products as they were listed at that time (microseconds
        since the epoch). Raises Unavailable for what may pass.

        The caller looks at storage again afterwards and syncs what has changed.
        """
        counts = JobCounts()
        refs = [ref for group in groups for ref in group.refs]
        with stage("search"):
            stored = self.indexer.index.sources(refs)
        works = []
        for group in groups:
            work = self._plan(group, stored, listed_at)
            if work is None:
                counts.note("current", items=len(group.blobs))
            else:
                works.append(work)
        self._embed_pictures(works)
        self._write([work for work in works if work.has_product])
        left = {blob for work in works for blob in self._finish(work, counts)}
        fine = [i.name for group in groups for i in group.blobs if i.name not in left]
        self.indexer.failures.clear_all(fine)
        return Batch(counts, frozenset(work.group.product_id for work in works))

    def _plan(
        self, group: Group, stored: Mapping[PointRef, PointRevision], listed_at: int
    ) -> _ProductWork | None:
        """Returns the work to do; None when the index agrees with storage already."""
        doubtful = group.doubtful_pictures(stored)
        if not doubtful and not group.has_doubtful_words(stored):
            return None
        reader = self.indexer.texts.words
        blobs = {info.name: info for info in group.blobs}
        listing = Listing(group.product_id, blobs, listed_at)
        if group.is_cut:
            listing = reader.listing(group.product_id)
        text = reader.read_from(listing)
        if text is None:  # a sidecar alone, or all of it is gone meanwhile
            return None
        text_revision = stored.get(PointRef(group.product_id))
        work = _ProductWork(group, text, has_point=len(doubtful) < len(group.pictures))
        for info in doubtful:
            old = stored.get(picture_ref(info.name))
            is_embedded = old is not None and old.etag == info.etag
            (work.outdated if is_embedded else work.missing).append(info)
            if old and not is_embedded:
                work.replaced.add(info.name)
        work.text_is_current = is_current(text_revision, text) and not work.outdated
        work.unusable = list(listing.unusable(text.basis))
        return work if work.missing or not work.text_is_current else None

    def _embed_pictures(self, works: Sequence[_ProductWork]) -> None:
        batch: list[tuple[_ProductWork, BlobInfo, Any]] = []
        for decoded in self._decode_missing(works):
            batch.append(decoded)
            if len(batch) == MAX_DECODED:
                self._embed(batch)
                batch = []
        self._embed(batch)

    def _decode_missing(
        self, works: Sequence[_ProductWork]
    ) -> Iterator[tuple[_ProductWork, BlobInfo, Any]]:
        """Yields the missing pictures, decoded; skips those that cannot be read or decoded."""
        for work in works:
            for info in work.missing:
                try:
                    blob = self._read(info)
                    if blob is None:
                        continue
                    decoded = self.indexer.encoder.decode(blob.data)
                except (UnsupportedImage, Unprocessable):
                    continue
                if info.name in work.replaced:
                    self.indexer.thumbnails.remove(info.name, keep=blob.info)
                yield work, blob.info, decoded

    def _read(self, info: BlobInfo) -> Blob | None:
        if info.size > self.indexer.max_bytes:
            return None
        with stage("store"):
            return self.indexer.images.read(info.name)

    def _embed(self, batch: Sequence[tuple[_ProductWork, BlobInfo, Any]]) -> None:
        if batch:
            vectors = self.indexer.encoder.encode_images([decoded for _, _, decoded in batch])
            for (work, info, _), vector in zip(batch, vectors, strict=True):
                work.embedded.append((info, vector))

    def _write(self, works: Sequence[_ProductWork]) -> None:
        """Writes all points of these products in one call."""
        images = [image_record(*pair, work.text) for work in works for pair in work.embedded]
        changed = [work.text for work in works if not work.text_is_current]
        vectors = embed_many_words(self.indexer.encoder, [observed.text for observed in changed])
        texts = [text_record(*pair) for pair in zip(vectors, changed, strict=True)]
        if not images and not texts:
            return
        with stage("search"):
            self.indexer.index.write(images, texts)
        Duplicates(self.indexer.index).note(images)

    def _finish(self, work: _ProductWork, counts: JobCounts) -> list[str]:
        """Syncs what the batch left out, and counts the outcomes; returns the names of what was
        left."""
        embedded = {info.name for info, _ in work.embedded}
        unread = [info.name for info in work.missing if info.name not in embedded]
        left = [*unread, *(info.name for info in work.unusable)]
        for blob in left:
            self.sync_blob(blob, counts)
        if not work.has_product:
            self.indexer.texts.refresh(work.group.product_id)
        counts.by_outcome["images"] += len(embedded)
        updated = len(embedded) + len(work.outdated)
        counts.note("indexed", items=updated)
        others = max(0, len(work.group.blobs) - updated - len(left))
        counts.note("current" if work.text_is_current else "indexed", items=others)
        return left

    def sync_blob(self, blob: str, counts: JobCounts) -> None:
        """Syncs one blob as an event would, and counts the outcome."""
        outcome = self.indexer.retry(blob)
        if outcome != "failed":
            counts.note(outcome)
            return
        failure = self.indexer.failures.find(blob)
        counts.fail(blob, failure.reason if failure else "it cannot be indexed")
