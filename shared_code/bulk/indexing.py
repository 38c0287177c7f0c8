"""Many blobs at once: what ``Indexer`` does with one, by the same rules, in batches.

It takes the listing's word for which blobs there are and looks again afterwards, for all of them
together (``BulkWork``). Whatever is out of the ordinary, one that cannot be decoded or has gone,
is left to ``Indexer.sync``: there is no second way to index.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared_code.domain.errors import Unprocessable, UnsupportedImage
from shared_code.domain.naming import picture_ref
from shared_code.domain.ports import Blob, BlobInfo
from shared_code.domain.products import PointRef, Source
from shared_code.domain.timing import stage
from shared_code.indexing.duplicates import Duplicates
from shared_code.indexing.indexing import Indexer
from shared_code.indexing.job_counts import Tally
from shared_code.indexing.listing_diff import Group
from shared_code.indexing.records import image_record, text_record
from shared_code.indexing.texts import is_current
from shared_code.indexing.word_vectors import embed_many_words
from shared_code.indexing.words import Listing, Words

if TYPE_CHECKING:
    from typing import Any

    from shared_code.domain.products import Vector

EMBEDDED_AT_ONCE = 16
"""Decoded pictures held until they are embedded: 10 MB. The encoder cuts them into smaller runs."""


@dataclass(slots=True)
class _Work:
    """What is to be done for one product."""

    group: Group
    words: Words
    seen: list[BlobInfo] = field(default_factory=list)
    """Pictures that are embedded already, but do not bear the words of now."""
    unseen: list[BlobInfo] = field(default_factory=list)
    embedded: list[tuple[BlobInfo, Vector]] = field(default_factory=list)
    is_said: bool = False
    """The text point is as the words are."""
    has_point: bool = False
    """The product has pictures that stay as they are."""
    replaced: set[str] = field(default_factory=set)
    """Of the unseen ones, those that an earlier picture was embedded for."""
    unusable: list[BlobInfo] = field(default_factory=list)
    """Documents that come before the one that the words are from."""

    @property
    def stands(self) -> bool:
        """A sidecar or an unreadable picture alone makes no product."""
        return self.words.from_document or bool(self.embedded or self.seen or self.has_point)


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some products."""

    tally: Tally
    """Of their blobs."""
    written: frozenset[str]
    """Ids of those products of which something was written."""


@dataclass(frozen=True, slots=True)
class BulkIndexing:
    indexer: Indexer

    def sync(self, groups: Sequence[Group], *, listed_at: int) -> Batch:
        """Makes the index agree with these products as they were listed (microseconds since the
        epoch). Raises Unavailable for what may pass.

        The caller looks at storage once more afterwards and syncs what has changed.
        """
        tally = Tally()
        refs = [ref for group in groups for ref in group.refs]
        with stage("search"):
            stored = self.indexer.index.sources(refs)
        works = []
        for group in groups:
            work = self._work(group, stored, listed_at)
            if work is None:
                tally.note("current", items=len(group.blobs))
            else:
                works.append(work)
        self._embed_pictures(works)
        self._write([work for work in works if work.stands])
        left = {blob for work in works for blob in self._finish(work, tally)}
        fine = [i.name for group in groups for i in group.blobs if i.name not in left]
        self.indexer.failures.clear_all(fine)
        return Batch(tally, frozenset(work.group.product_id for work in works))

    def _work(
        self, group: Group, stored: Mapping[PointRef, Source], listed_at: int
    ) -> _Work | None:
        """None when the index agrees already."""
        doubtful = group.doubtful_pictures(stored)
        if not doubtful and not group.has_doubtful_words(stored):
            return None
        reader = self.indexer.texts.words
        blobs = {info.name: info for info in group.blobs}
        listing = Listing(group.product_id, blobs, listed_at)
        if group.is_cut:
            listing = reader.listing(group.product_id)
        words = reader.read_from(listing)
        if words is None:  # a sidecar alone, or all of it gone meanwhile
            return None
        text = stored.get(PointRef(group.product_id))
        work = _Work(group, words, has_point=len(doubtful) < len(group.pictures))
        for info in doubtful:
            old = stored.get(picture_ref(info.name))
            (work.seen if old and old.etag == info.etag else work.unseen).append(info)
            if old and old.etag != info.etag:
                work.replaced.add(info.name)
        work.is_said = is_current(text, words) and not work.seen
        work.unusable = list(listing.unusable(words.basis))
        return work if work.unseen or not work.is_said else None

    def _embed_pictures(self, works: Sequence[_Work]) -> None:
        waiting: list[tuple[_Work, BlobInfo, Any]] = []
        for decoded in self._decoded(works):
            waiting.append(decoded)
            if len(waiting) == EMBEDDED_AT_ONCE:
                self._embed(waiting)
                waiting = []
        self._embed(waiting)

    def _decoded(self, works: Sequence[_Work]) -> Iterator[tuple[_Work, BlobInfo, Any]]:
        """Pictures that cannot be read or decoded are passed over."""
        for work in works:
            for info in work.unseen:
                try:
                    blob = self._read(info)
                    if blob is None:
                        continue
                    decoded = self.indexer.encoder.decode(blob.data)
                except (UnsupportedImage, Unprocessable):
                    continue
                if info.name in work.replaced:
                    self.indexer.thumbnails.remove(info.name, but=blob.info)
                yield work, blob.info, decoded

    def _read(self, info: BlobInfo) -> Blob | None:
        if info.size > self.indexer.max_bytes:
            return None
        with stage("store"):
            return self.indexer.images.read(info.name)

    def _embed(self, waiting: Sequence[tuple[_Work, BlobInfo, Any]]) -> None:
        if waiting:
            vectors = self.indexer.encoder.encode_images([decoded for _, _, decoded in waiting])
            for (work, info, _), vector in zip(waiting, vectors, strict=True):
                work.embedded.append((info, vector))

    def _write(self, works: Sequence[_Work]) -> None:
        """One write for all of them."""
        images = [image_record(*pair, work.words) for work in works for pair in work.embedded]
        unsaid = [work.words for work in works if not work.is_said]
        vectors = embed_many_words(self.indexer.encoder, [words.text for words in unsaid])
        texts = [text_record(*pair) for pair in zip(vectors, unsaid, strict=True)]
        if not images and not texts:
            return
        with stage("search"):
            self.indexer.index.write(images, texts)
        Duplicates(self.indexer.index).note(images)

    def _finish(self, work: _Work, tally: Tally) -> list[str]:
        """Does what the batch had to leave, and counts; returns the names of what was left."""
        embedded = {info.name for info, _ in work.embedded}
        unread = [info.name for info in work.unseen if info.name not in embedded]
        left = [*unread, *(info.name for info in work.unusable)]
        for blob in left:
            self.one(blob, tally)
        if not work.stands:
            self.indexer.texts.refresh(work.group.product_id)
        tally.counts["images"] += len(embedded)
        written = len(embedded) + len(work.seen)
        tally.note("indexed", items=written)
        others = max(0, len(work.group.blobs) - written - len(left))
        tally.note("current" if work.is_said else "indexed", items=others)
        return left

    def one(self, blob: str, tally: Tally) -> None:
        """By the way of a single event."""
        outcome = self.indexer.retry(blob)
        if outcome != "failed":
            tally.note(outcome)
            return
        failure = self.indexer.failures.find(blob)
        tally.fail(blob, failure.reason if failure else "it cannot be indexed")
