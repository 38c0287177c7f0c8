"""What is said about a product, read from storage's current state.

The first of these that exists gives the words: the product's own document
(``<product_id>/product.json``), the sidecar or the blob metadata of its first picture in
name order that has any, the file name of its first picture.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

from shared_code.domain.documents import (
    MAX_DOCUMENT_BYTES,
    make_product_text,
    parse_document,
    parse_json,
)
from shared_code.domain.errors import Unprocessable
from shared_code.domain.naming import BlobRole, derive_name, document_name, sidecar_names
from shared_code.domain.ports import BlobInfo, BlobStore, every_blob
from shared_code.domain.products import ProductText

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ObservedText:
    """A product's text and when it was observed (microseconds since the epoch).

    The observation is the version, not a blob's last change: words can also change because
    a document was deleted, and that must win over what was there before.
    """

    text: ProductText
    version: int
    basis: str = ""
    """Digest of the documents read for them, by name and etag, and of what names and blob
    metadata said: a listing alone tells whether they still stand (``Listing.matches_digest``)."""
    from_document: bool = False


@dataclass(frozen=True, slots=True)
class _Unread:
    """A document that may say the words."""

    info: BlobInfo
    named_like: str
    """Its default name is read off this."""

    @property
    def etag(self) -> str:
        return f"{self.info.name}\n{self.info.etag}"


_Place: TypeAlias = _Unread | ProductText
"""Where words may be said: a document to be read, or the text that a listing itself gives."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A product's blobs, or some of them, as a listing showed them."""

    product_id: str
    blobs: Mapping[str, BlobInfo]
    version: int = 0
    """When it was begun: microseconds since the epoch."""

    def matches_digest(self, basis: str) -> bool:
        """True when words of this basis are what reading the documents again would give."""
        return any(basis == found for _, found in self.places())

    def unusable(self, basis: str) -> Iterator[BlobInfo]:
        """Documents that would have given the words, and did not, when these are of this basis."""
        for place, found in self.places():
            if found == basis:
                return
            if isinstance(place, _Unread):
                yield place.info

    def places(self) -> Iterator[tuple[_Place, str]]:
        """In the order in which words are looked for, each with the basis up to it."""
        seen = hashlib.sha256()
        for place in self._places():
            seen.update(place.etag.encode() + b"\0")
            yield place, seen.hexdigest()[:32]

    def _places(self) -> Iterator[_Place]:
        document = self.blobs.get(document_name(self.product_id))
        pictures = [name for name in self.blobs if BlobRole.of(name).role == "picture"]
        if document is not None:
            yield _Unread(document, self.product_id)
        for name in pictures:
            sidecar = next((self.blobs[s] for s in sidecar_names(name) if s in self.blobs), None)
            if sidecar is not None:
                yield _Unread(sidecar, name)
            said = _from_blob_metadata(self.product_id, self.blobs[name])
            if said is not None:
                yield said
        if pictures or document is not None:
            fallback = derive_name(pictures[0] if pictures else self.product_id)
            yield ProductText(self.product_id, fallback)


@dataclass(frozen=True, slots=True)
class ProductTextReader:
    images: BlobStore
    now_us: Callable[[], int]

    def read(self, product_id: str) -> ObservedText | None:
        """The product's words now; None when storage holds nothing of the product."""
        return self.read_from(self.listing(product_id))

    def listing(self, product_id: str) -> Listing:
        version = self.now_us()
        return Listing(product_id, {b.name: b for b in self.blobs_of(product_id)}, version)

    def read_from(self, listing: Listing) -> ObservedText | None:
        for place, basis in listing.places():
            if isinstance(place, ProductText):
                return ObservedText(place, listing.version, basis)
            text = self._parsed(listing.product_id, place)
            if text is not None:
                own = place.info.name == document_name(listing.product_id)
                return ObservedText(text, listing.version, basis, from_document=own)
        return None

    def blobs_of(self, product_id: str) -> Iterator[BlobInfo]:
        """Every blob of the product, in name order: its folder, and its root files."""
        for prefix in (f"{product_id}/", f"{product_id}."):
            for info in every_blob(self.images, prefix):
                if BlobRole.of(info.name).product_id == product_id:
                    yield info
        bare = self.images.head(product_id)
        if bare is not None and BlobRole.of(bare.name).product_id == product_id:
            yield bare  # a picture without an extension

    def _parsed(self, product_id: str, document: _Unread) -> ProductText | None:
        """None for an unusable document: its own event records the failure."""
        info, name = document.info, derive_name(document.named_like)
        try:
            found = self.images.read(info.name) if info.size <= MAX_DOCUMENT_BYTES else None
            if found is None:
                return None
            return parse_document(product_id, found.data, default_name=name)
        except Unprocessable:
            return None


def _from_blob_metadata(product_id: str, picture: BlobInfo) -> ProductText | None:
    """Blob metadata: percent-encoded UTF-8, since HTTP headers carry ASCII only."""
    said = {key.lower(): unquote(value) for key, value in picture.metadata.items()}
    if not said.keys() & {"name", "description", "metadata"}:
        return None
    try:
        metadata = parse_json(said.get("metadata", "{}"))
        return make_product_text(
            product_id,
            name=said.get("name", derive_name(picture.name)),
            description=said.get("description", ""),
            metadata=metadata,
        )
    except Unprocessable as exc:
        log.warning("the blob metadata of %s is not used: %s", picture.name, exc)
        return None
