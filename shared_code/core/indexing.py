"""Keeps the index in agreement with storage, whatever order events arrive in.

There is one rule: an event only says *look again*. ``sync`` reads the blob's current state,
makes the index agree, and reads once more; when the blob changed meanwhile it starts over.
So duplicates, disorder, and deletes that overtake writes all end in the same place, and a
late event can never bring back what was deleted. Racing writers are settled by the
versions that every write carries (``ProductIndex.write``).
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from shared_code.core.documents import MAX_DOCUMENT_BYTES, parse_words
from shared_code.core.errors import Unavailable, Unprocessable, UnsupportedImage
from shared_code.core.failures import Failures
from shared_code.core.naming import Place, picture_ref
from shared_code.core.ports import BlobInfo, BlobStore, Encoder, ProductIndex
from shared_code.core.products import ImageRecord, PointRef, Source, TextRecord
from shared_code.core.records import etag_of, image_record, text_record
from shared_code.core.timing import stage
from shared_code.core.words import Words, WordsReader, embed_words

log = logging.getLogger(__name__)

Outcome: TypeAlias = Literal["indexed", "current", "removed", "failed"]

MAX_ROUNDS = 10
"""Looks at a blob that keeps changing before the host is asked to deliver the event again."""


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a page of failures; ``cursor`` leads on to the next one."""

    tried: int
    failed: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Indexer:
    encoder: Encoder
    index: ProductIndex
    images: BlobStore
    failures: Failures
    words: WordsReader
    max_bytes: int
    """Of a blob: a larger one is a failure, since it would be read into memory whole."""

    def sync(self, blob: str) -> Outcome:
        """Makes the index agree with this blob.

        Raises Unavailable for what may pass, so that the host delivers the event again; what
        can never be indexed is recorded as a failure, not raised.
        """
        try:
            place = Place.of(blob)
            before = self.images.head(blob)
        except Unprocessable as exc:  # a name of no product, or that no store of ours takes
            self.failures.record(blob, "", str(exc))
            return "failed"
        for _ in range(MAX_ROUNDS):
            outcome = self._apply(blob, place, before)
            after = self.images.head(blob)
            if etag_of(before) == etag_of(after):
                log.info("%s: %s", blob, outcome)
                return outcome
            before = after
        raise Unavailable(f"{blob} changed {MAX_ROUNDS} times while it was being indexed")

    def retry_failures(self, *, limit: int, cursor: str | None = None) -> Retried:
        """Looks again at a page of the blobs that failed; those that work now are cleared."""
        page = self.failures.page(limit=limit, cursor=cursor)
        outcomes = Counter(self.sync(failure.blob) for failure in page.items)
        return Retried(len(page.items), outcomes["failed"], page.cursor)

    def _apply(self, blob: str, place: Place, info: BlobInfo | None) -> Outcome:
        if info is None:
            return self._remove(blob, place)
        try:
            self._check_size(info, place)
            if place.role == "picture":
                return self._index_picture(info, place)
            return self._index_words(info, place)
        except (UnsupportedImage, Unprocessable) as exc:
            return self._fail(blob, place, str(exc))

    def _check_size(self, info: BlobInfo, place: Place) -> None:
        """Before anything is read: a blob comes into memory whole."""
        if place.role == "picture" and info.size > self.max_bytes:
            limit = f"{self.max_bytes / 1e6:.0f} MB (MAX_UPLOAD_MB)"
            raise Unprocessable(f"the blob has {info.size / 1e6:.1f} MB; the limit is {limit}")
        if place.role != "picture" and info.size > MAX_DOCUMENT_BYTES:
            raise Unprocessable(f"has {info.size} bytes; the limit is {MAX_DOCUMENT_BYTES}")

    def _index_picture(self, info: BlobInfo, place: Place) -> Outcome:
        ref, text_ref = picture_ref(info.name), PointRef(place.product_id)
        words = self.words.read(place.product_id)
        if words is None:  # deleted meanwhile: the next look settles it
            return "removed"
        stored = self.index.sources([ref, text_ref])
        picture_is_current = ref in stored and stored[ref].etag == info.etag
        # a write that was cut short may have left older words on the picture
        words_are_current = _is_current(stored.get(text_ref), words) and (
            not picture_is_current or stored[ref].words_etag == words.text.etag
        )
        texts = [] if words_are_current else [self._embed_words(words)]
        if picture_is_current and not texts:
            self.failures.clear(info.name)
            return "current"
        images = [] if picture_is_current else self._embed_picture(info, words)
        with stage("search"):
            self.index.write(images, texts)
        self.failures.clear(info.name)
        self.refresh_words(place.product_id)  # a sidecar may have come while this was embedded
        return "indexed"

    def _embed_picture(self, info: BlobInfo, words: Words) -> list[ImageRecord]:
        """The record of the blob if it is still there in the state seen, else nothing."""
        with stage("store"):
            blob = self.images.read(info.name)
        if blob is None:
            return []
        vector = self.encoder.encode_images([self.encoder.decode(blob.data)])[0]
        return [image_record(blob.info, vector, words)]

    def _index_words(self, info: BlobInfo, place: Place) -> Outcome:
        blob = self.images.read(info.name)
        if blob is not None:
            parse_words(place.product_id, blob.data, default_name=place.product_id)
        self.failures.clear(info.name)
        return self.refresh_words(place.product_id)

    def refresh_words(self, product_id: str) -> Outcome:
        """Brings the product's text point, and the words on its pictures, up to date.

        Ends with a look at storage and index in which both agree.
        """
        ref = PointRef(product_id)
        outcome: Outcome = "current"
        for turn in range(MAX_ROUNDS):
            words = self._standing_words(product_id)
            stored = self.index.sources([ref]).get(ref)
            if words is None and stored is None:
                return "removed"
            if words is not None and _is_current(stored, words):
                return outcome
            with stage("search"):
                if words is not None and stored is not None and turn:
                    # written by an instance whose clock runs ahead: what was seen last wins
                    words = replace(words, version=max(words.version, stored.version + 1))
                if words is None:
                    self.index.delete([ref])
                else:
                    self.index.write([], [self._embed_words(words)])
                    outcome = "indexed"
        raise Unavailable(f"the words of {product_id} changed {MAX_ROUNDS} times meanwhile")

    def _standing_words(self, product_id: str) -> Words | None:
        """The words of a product that has a document or a picture that could be indexed.

        A sidecar or an unreadable picture alone makes no product.
        """
        words = self.words.read(product_id)
        if words is None or words.from_document or self.index.images_of([product_id]):
            return words
        return None

    def _embed_words(self, words: Words) -> TextRecord:
        return text_record(embed_words(self.encoder, words.text), words)

    def _remove(self, blob: str, place: Place) -> Outcome:
        if place.role == "picture":
            self.index.delete([picture_ref(blob)])
        self.failures.clear(blob)
        self.refresh_words(place.product_id)
        return "removed"

    def _fail(self, blob: str, place: Place, reason: str) -> Outcome:
        """Records why, and takes away what an earlier content of the blob had left."""
        log.warning("%s cannot be indexed: %s", blob, reason)
        self.failures.record(blob, place.product_id, reason)
        if place.role == "picture":
            self.index.delete([picture_ref(blob)])
        self.refresh_words(place.product_id)
        return "failed"


def _is_current(stored: Source | None, words: Words) -> bool:
    return stored is not None and stored.etag == words.text.etag
