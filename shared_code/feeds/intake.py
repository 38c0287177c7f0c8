"""A feed's products as blobs: their words as a document each, their pictures beside it.

Whatever a feed brings is stored like what was dropped or posted, and then indexed as that is. What
is there already, at the same words and from the same address, is not stored again.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from shared_code.domain.errors import Unprocessable, UnsupportedImage
from shared_code.domain.naming import Place, document_of
from shared_code.domain.ports import BlobInfo, FetchImage
from shared_code.domain.products import PointRef, Source
from shared_code.domain.threads import bind_to_call
from shared_code.feeds.items import FeedItem
from shared_code.indexing.job_counts import Tally
from shared_code.indexing.listing_diff import Group
from shared_code.indexing.words import Listing
from shared_code.products.catalogue import Catalogue

AT_ONCE = 8
"""Products of a feed whose blobs are stored, or fetched, at one time: each may hold a picture."""


@dataclass(frozen=True, slots=True)
class FeedIntake:
    catalogue: Catalogue
    fetch: FetchImage

    def store(self, items: Sequence[FeedItem], tally: Tally) -> list[Group]:
        """The blobs of each product, stored where they were not; problems are tallied."""
        refs = [PointRef(item.product_id) for item in items if not item.problem]
        stored = self.catalogue.index.sources(refs)
        take = bind_to_call(functools.partial(self._take, stored=stored))
        # each waits for storage, or for another site, most of its time
        with ThreadPoolExecutor(AT_ONCE) as pool:
            taken = list(pool.map(take, items))
        for _, of_item in taken:
            tally.add(of_item)
        return [group for group, _ in taken if group is not None]

    def _take(
        self, item: FeedItem, stored: Mapping[PointRef, Source]
    ) -> tuple[Group | None, Tally]:
        tally = Tally()
        if item.problem:
            tally.fail(f"row {item.row}", item.problem)
            return None, tally
        try:
            blobs = [self._document(item, stored), *self._pictures(item, tally)]
        except Unprocessable as exc:  # a name that storage refuses
            tally.fail(_called(item), str(exc))
            return None, tally
        return Group(item.product_id, blobs, is_cut=False), tally

    def _document(self, item: FeedItem, stored: Mapping[PointRef, Source]) -> BlobInfo:
        """Not written anew where the index holds these very words of the document as it is."""
        known = self.catalogue.images.head(document_of(item.product_id))
        text = stored.get(PointRef(item.product_id))
        if known is not None and text is not None and text.words_etag == item.text.etag:
            listing = Listing(item.product_id, {known.name: known})
            if listing.still_says(text.etag):
                return known
        return self.catalogue.store_document(item.text)

    def _pictures(self, item: FeedItem, tally: Tally) -> list[BlobInfo]:
        found: dict[str, BlobInfo] = {}
        for image in item.images:
            try:
                info = self._picture(item.product_id, image)
            except (Unprocessable, UnsupportedImage) as exc:
                tally.fail(f"{_called(item)}: {image}", str(exc), items=0)
            else:
                found[info.name] = info
        return list(found.values())

    def _picture(self, product_id: str, image: str) -> BlobInfo:
        if "://" in image:
            return self._fetched(product_id, image)
        blob = image.lstrip("/")
        place = Place.of(blob)
        if place.role != "picture":
            raise Unprocessable("is no picture")
        if place.product_id == product_id:
            info = self.catalogue.images.head(blob)
        else:
            info = self._copied(product_id, blob)
        if info is None:
            raise Unprocessable("there is no such blob in the images container")
        return info

    def _copied(self, product_id: str, blob: str) -> BlobInfo | None:
        """A picture that lies elsewhere in the container becomes one of the product's own."""
        original = self.catalogue.images.head(blob)
        if original is None:
            return None
        stem = _digest(f"{blob}\n{original.etag}")
        known = self._known(product_id, stem)
        if known is None:
            self._check_size(original)
            found = self.catalogue.images.read(blob)
            if found is not None:
                return self.catalogue.store_picture(product_id, found.data, stem=stem)
        return known

    def _fetched(self, product_id: str, url: str) -> BlobInfo:
        """The same URL is fetched once: what is stored is named by it."""
        stem = _digest(url)
        known = self._known(product_id, stem)
        return known or self.catalogue.store_picture(product_id, self.fetch(url), stem=stem)

    def _known(self, product_id: str, stem: str) -> BlobInfo | None:
        """Whatever its extension is."""
        found = self.catalogue.images.list(f"{product_id}/{stem}.", limit=5).items
        return next((info for info in found if Place.of(info.name).role == "picture"), None)

    def _check_size(self, info: BlobInfo) -> None:
        limit = self.catalogue.indexer.max_bytes
        if info.size > limit:
            raise Unprocessable(f"has {info.size / 1e6:.1f} MB; the limit is {limit / 1e6:.0f} MB")


def _called(item: FeedItem) -> str:
    return f"row {item.row} ({item.product_id})"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
