"""Keeps the index in agreement with storage, whatever order events arrive in.

There is one rule: an event only says *look again*. ``sync`` reads the blob's current state,
makes the index agree, and reads once more; when the blob changed meanwhile it starts over.
So duplicates, disorder, and deletes that overtake writes all end in the same place, and a
late event can never bring back what was deleted. Racing writers are settled by the
versions that every write carries (``ProductIndex.write``).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from threading import BoundedSemaphore

from shared_code.domain.documents import MAX_DOCUMENT_BYTES, parse_document
from shared_code.domain.errors import (
    RefusedByStorage,
    Unavailable,
    Unprocessable,
    UnsupportedImage,
)
from shared_code.domain.naming import BlobRole, picture_ref
from shared_code.domain.ports import (
    Blob,
    BlobInfo,
    BlobStore,
    Encoder,
    ProductIndex,
    etag_of,
    every_blob,
)
from shared_code.domain.products import ImageRecord, PointRef, PointRevision
from shared_code.domain.timing import stage
from shared_code.failures import Failures
from shared_code.indexing.duplicates import Duplicates
from shared_code.indexing.records import image_record
from shared_code.indexing.texts import MAX_ROUNDS, Outcome, ProductTextIndexer, is_current
from shared_code.indexing.words import ObservedText
from shared_code.pictures import Thumbnails

log = logging.getLogger(__name__)

DECODED_AT_ONCE = 2
"""Pictures. A decoded one takes up to 150 MB (MAX_IMAGE_PIXELS), so however many looks wait for
storage at one time, no more of them may decode."""


@dataclass(frozen=True, slots=True)
class Indexer:
    encoder: Encoder
    index: ProductIndex
    images: BlobStore
    failures: Failures
    texts: ProductTextIndexer
    thumbnails: Thumbnails
    max_bytes: int
    """Of a blob: a larger one is a failure, since it would be read into memory whole."""
    room_to_decode: BoundedSemaphore = field(
        default_factory=lambda: BoundedSemaphore(DECODED_AT_ONCE), compare=False, repr=False
    )

    def sync(self, blob: str) -> Outcome:
        """Makes the index agree with this blob.

        Raises Unavailable for what may pass, so that the caller comes again; what can never be
        indexed is recorded as a failure, not raised.
        """
        try:
            place = BlobRole.of(blob)
            before = self.images.head(blob)
        except Unprocessable as exc:  # a name of no product, or that no store of ours takes
            self.failures.record(blob, "", str(exc))
            return "failed"
        for _ in range(MAX_ROUNDS):
            outcome = self._apply(blob, place, before)
            # where nothing was written, a change since then is left to its own event
            after = before if outcome == "current" else self.images.head(blob)
            if etag_of(before) == etag_of(after):
                # a reconcile meets what is current by the million
                level = logging.DEBUG if outcome == "current" else logging.INFO
                log.log(level, "%s: %s", blob, outcome)
                return outcome
            before = after
        raise Unavailable(f"{blob} changed {MAX_ROUNDS} times while it was being indexed")

    def sync_folder(self, folder: str) -> None:
        """The same for all that is or was below a folder, of which one event may tell.

        Raises Unavailable as ``sync`` does, with part of the folder looked at.
        """
        product_id, prefix = folder.partition("/")[0], folder.rstrip("/") + "/"
        known = self.index.images_of([product_id]).get(product_id, ())
        blobs = {image.blob for image in known if image.blob.startswith(prefix)}
        blobs |= {info.name for info in every_blob(self.images, prefix)}
        for blob in sorted(blobs):
            self.sync(blob)
        self.texts.refresh(product_id)

    def retry(self, failed: str) -> Outcome:
        """Looks again at what a failure names: a blob, or a folder, whose name ends in a slash."""
        if failed.endswith("/") and self.images.head(failed) is None:
            self.sync_folder(failed)
            self.failures.clear(failed)
            return "indexed"
        return self.sync(failed)

    def is_current(self, info: BlobInfo, place: BlobRole) -> bool:
        """True when the index agrees with this state of the blob."""
        if place.role != "picture":
            return self.texts.plan_refresh(place.product_id) == "current"
        ref, text_ref = picture_ref(info.name), PointRef(place.product_id)
        stored = self.index.sources([ref, text_ref])
        return is_whole(info, stored.get(ref), stored.get(text_ref))

    def _apply(self, blob: str, place: BlobRole, info: BlobInfo | None) -> Outcome:
        if info is None:
            return self._remove(blob, place)
        try:
            self._check_size(info, place)
            if place.role == "picture":
                return self._index_picture(info, place)
            return self._index_words(info, place)
        except RefusedByStorage as exc:
            return self._fail(info, place, str(exc), may_pass=True)
        except (UnsupportedImage, Unprocessable) as exc:
            return self._fail(info, place, str(exc))

    def _check_size(self, info: BlobInfo, place: BlobRole) -> None:
        """Before anything is read: a blob comes into memory whole."""
        if place.role == "picture" and info.size > self.max_bytes:
            limit = f"{self.max_bytes / 1e6:.0f} MB (MAX_UPLOAD_MB)"
            raise Unprocessable(f"the blob has {info.size / 1e6:.1f} MB; the limit is {limit}")
        if place.role != "picture" and info.size > MAX_DOCUMENT_BYTES:
            raise Unprocessable(f"has {info.size} bytes; the limit is {MAX_DOCUMENT_BYTES}")

    def _index_picture(self, info: BlobInfo, place: BlobRole) -> Outcome:
        ref, text_ref = picture_ref(info.name), PointRef(place.product_id)
        listing = self.texts.words.listing(place.product_id)
        stored = self.index.sources([ref, text_ref])
        old, text = stored.get(ref), stored.get(text_ref)
        if text and is_whole(info, old, text) and listing.matches_digest(text.etag):
            self.failures.clear(info.name)
            return "current"
        words = self.texts.words.read_from(listing)
        if words is None:  # deleted meanwhile: the next look settles it
            return "removed"
        is_seen = old is not None and old.etag == info.etag
        is_said = is_current(text, words) and (not is_seen or is_whole(info, old, text))
        texts = [] if is_said else [self.texts.record(words)]
        picture = None if is_seen else self._read(info)
        images = [self._embedded(picture, words)] if picture else []
        with stage("search"):
            self.index.write(images, texts)
        Duplicates(self.index).note(images)
        self.failures.clear(info.name)
        # a sidecar may have come while this was embedded
        self.texts.refresh(place.product_id, has_picture=True)
        if picture:
            with self.room_to_decode:
                self.thumbnails.add(picture)
        if old and picture:
            self.thumbnails.remove(info.name, keep=picture.info)
        return "indexed"

    def _read(self, info: BlobInfo) -> Blob | None:
        with stage("store"):
            return self.images.read(info.name)

    def _embedded(self, picture: Blob, words: ObservedText) -> ImageRecord:
        with self.room_to_decode:
            vector = self.encoder.encode_images([self.encoder.decode(picture.data)])[0]
        return image_record(picture.info, vector, words)

    def _index_words(self, info: BlobInfo, place: BlobRole) -> Outcome:
        blob = self.images.read(info.name)
        if blob is not None:
            parse_document(place.product_id, blob.data, default_name=place.product_id)
        self.failures.clear(info.name)
        return self.texts.refresh(place.product_id)

    def _remove(self, blob: str, place: BlobRole) -> Outcome:
        self._take_away(blob, place)
        self.failures.clear(blob)
        self.texts.refresh(place.product_id)
        return "removed"

    def _fail(
        self, info: BlobInfo, place: BlobRole, reason: str, *, may_pass: bool = False
    ) -> Outcome:
        """Records why, and takes away what an earlier content of the blob had left.

        ``may_pass``: the content is not to blame, so the same content is worth another try.
        """
        log.warning("%s cannot be indexed: %s", info.name, reason)
        etag = "" if may_pass else info.etag
        self.failures.record(info.name, place.product_id, reason, etag=etag)
        self._take_away(info.name, place)
        self.texts.refresh(place.product_id)
        return "failed"

    def _take_away(self, blob: str, place: BlobRole) -> None:
        if place.role == "picture":
            self.index.delete([picture_ref(blob)])
            self.thumbnails.remove(blob)


def is_whole(info: BlobInfo, picture: PointRevision | None, text: PointRevision | None) -> bool:
    """True when the picture's point is of this content and carries the words of its product:
    a write that was cut short may have left older ones on it."""
    if picture is None or text is None:
        return False
    return picture.etag == info.etag and picture.words_etag == text.words_etag
