"""Stores a feed's products as blobs: a document for each, with its pictures beside it.

The blobs are then indexed like those that were dropped or posted. A document with the same
content and a picture from the same address are not stored again.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from shared_code.domain.errors import Unprocessable, UnsupportedImage
from shared_code.domain.naming import BlobRole, document_name
from shared_code.domain.ports import BlobInfo, FetchImage
from shared_code.domain.products import PointRef, PointRevision
from shared_code.domain.threads import bind_to_call
from shared_code.feeds.items import FeedItem
from shared_code.indexing import Group, JobCounts, Listing
from shared_code.products import Catalogue

PARALLEL_PRODUCTS = 8
"""Products of a feed whose blobs are stored or fetched in parallel: each may hold a picture."""


@dataclass(frozen=True, slots=True)
class FeedIntake:
    catalogue: Catalogue
    fetch: FetchImage

    def store(self, items: Sequence[FeedItem], counts: JobCounts) -> list[Group]:
        """Stores the blobs that are not there yet; returns those of each product. Problems are
        added to the counts."""
        refs = [PointRef(item.product_id) for item in items if not item.problem]
        stored = self.catalogue.index.sources(refs)
        store_one = bind_to_call(functools.partial(self._store_product, stored=stored))
        # most of the time is spent waiting for storage or for another site
        with ThreadPoolExecutor(PARALLEL_PRODUCTS) as pool:
            results = list(pool.map(store_one, items))
        for _, item_counts in results:
            counts.add(item_counts)
        return [group for group, _ in results if group is not None]

    def _store_product(
        self, item: FeedItem, stored: Mapping[PointRef, PointRevision]
    ) -> tuple[Group | None, JobCounts]:
        counts = JobCounts()
        if item.problem:
            counts.fail(f"row {item.row}", item.problem)
            return None, counts
        try:
            blobs = [self._store_document(item, stored), *self._store_pictures(item, counts)]
        except Unprocessable as exc:  # a name that storage refuses
            counts.fail(_describe(item), str(exc))
            return None, counts
        return Group(item.product_id, blobs, is_cut=False), counts

    def _store_document(self, item: FeedItem, stored: Mapping[PointRef, PointRevision]) -> BlobInfo:
        """Leaves the document alone where it, and the index, already hold exactly this text."""
        current = self.catalogue.images.head(document_name(item.product_id))
        text = stored.get(PointRef(item.product_id))
        if current is not None and text is not None and text.words_etag == item.text.etag:
            listing = Listing(item.product_id, {current.name: current})
            if listing.matches_digest(text.etag):
                return current
        return self.catalogue.store_document(item.text)

    def _store_pictures(self, item: FeedItem, counts: JobCounts) -> list[BlobInfo]:
        pictures: dict[str, BlobInfo] = {}
        for image in item.images:
            try:
                info = self._store_picture(item.product_id, image)
            except (Unprocessable, UnsupportedImage) as exc:
                counts.fail(f"{_describe(item)}: {image}", str(exc), items=0)
            else:
                pictures[info.name] = info
        return list(pictures.values())

    def _store_picture(self, product_id: str, image: str) -> BlobInfo:
        if "://" in image:
            return self._fetch(product_id, image)
        blob = image.lstrip("/")
        owner = BlobRole.of(blob)
        if owner.role != "picture":
            raise Unprocessable("is not a picture")
        if owner.product_id == product_id:
            info = self.catalogue.images.head(blob)
        else:
            info = self._copy(product_id, blob)
        if info is None:
            raise Unprocessable("there is no such blob in the images container")
        return info

    def _copy(self, product_id: str, blob: str) -> BlobInfo | None:
        """Copies a picture that lies elsewhere in the container to the product's own; None where
        there is none."""
        original = self.catalogue.images.head(blob)
        if original is None:
            return None
        stem = _digest(f"{blob}\n{original.etag}")
        copy = self._find_stored(product_id, stem)
        if copy is None:
            self._check_size(original)
            picture = self.catalogue.images.read(blob)
            if picture is not None:
                return self.catalogue.store_picture(product_id, picture.data, stem=stem)
        return copy

    def _fetch(self, product_id: str, url: str) -> BlobInfo:
        """Fetches a picture, unless it is stored already: its name is a digest of the URL."""
        stem = _digest(url)
        stored = self._find_stored(product_id, stem)
        return stored or self.catalogue.store_picture(product_id, self.fetch(url), stem=stem)

    def _find_stored(self, product_id: str, stem: str) -> BlobInfo | None:
        """Finds the product's picture of this name, whatever its extension."""
        blobs = self.catalogue.images.list(f"{product_id}/{stem}.", limit=5).items
        return next((info for info in blobs if BlobRole.of(info.name).role == "picture"), None)

    def _check_size(self, info: BlobInfo) -> None:
        limit = self.catalogue.indexer.max_bytes
        if info.size > limit:
            raise Unprocessable(f"has {info.size / 1e6:.1f} MB; the limit is {limit / 1e6:.0f} MB")


def _describe(item: FeedItem) -> str:
    return f"row {item.row} ({item.product_id})"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
