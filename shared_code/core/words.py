"""What is said about a product, read from storage's current state.

The first of these that exists gives the words: the product's own document
(``<product_id>/product.json``), the sidecar or the blob metadata of its first picture in
name order that has any, the file name of its first picture.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from shared_code.core.documents import MAX_DOCUMENT_BYTES, parse_words, parsed_json, product_text
from shared_code.core.errors import Unprocessable
from shared_code.core.listing import every_blob
from shared_code.core.naming import Place, document_of, readable_name, sidecars_of
from shared_code.core.ports import BlobInfo, BlobStore, Encoder
from shared_code.core.products import ProductText

if TYPE_CHECKING:
    from shared_code.core.products import Vector

log = logging.getLogger(__name__)

NAME_WEIGHT = 0.3
"""Of the name in a product's text vector; benchmarks/words.py compares weights."""


@dataclass(frozen=True, slots=True)
class Words:
    """A product's text and when it was observed (microseconds since the epoch).

    The observation is the version, not a blob's last change: words can also change because
    a document was deleted, and that must win over what was there before.
    """

    text: ProductText
    version: int
    from_document: bool = False


def embed_words(encoder: Encoder, text: ProductText) -> Vector | None:
    """Name and description as one unit vector; None when the model knows no word of either.

    They are embedded apart, since in one text a long description drowns the name.
    """
    name = _embedded(encoder, text.name)
    description = _embedded(encoder, text.description)
    if name is None or description is None:
        return description if name is None else name
    both: Vector = NAME_WEIGHT * name + (1 - NAME_WEIGHT) * description
    length = float(both @ both) ** 0.5
    return both / length if length else name


def _embedded(encoder: Encoder, text: str) -> Vector | None:
    try:
        return encoder.encode_texts([text])[0].vector if text else None
    except Unprocessable:
        return None


@dataclass(frozen=True, slots=True)
class WordsReader:
    images: BlobStore
    now_us: Callable[[], int]

    def read(self, product_id: str) -> Words | None:
        """The product's words now; None when storage holds nothing of the product."""
        version = self.now_us()
        blobs = {info.name: info for info in self.blobs_of(product_id)}
        pictures = [name for name in blobs if Place.of(name).role == "picture"]
        if document_of(product_id) in blobs:
            text = self._parsed(product_id, blobs[document_of(product_id)], product_id)
            if text is not None:
                return Words(text, version, from_document=True)
        elif not pictures:
            return None
        for name in pictures:
            sidecar = next((blobs[s] for s in sidecars_of(name) if s in blobs), None)
            text = self._said_beside(product_id, blobs[name], sidecar)
            if text is not None:
                return Words(text, version)
        fallback = readable_name(pictures[0] if pictures else product_id)
        return Words(ProductText(product_id, fallback), version)

    def blobs_of(self, product_id: str) -> Iterator[BlobInfo]:
        """Every blob of the product, in name order: its folder, and its root files."""
        for prefix in (f"{product_id}/", f"{product_id}."):
            for info in every_blob(self.images, prefix):
                if Place.of(info.name).product_id == product_id:
                    yield info
        bare = self.images.head(product_id)
        if bare is not None and Place.of(bare.name).product_id == product_id:
            yield bare  # a picture without an extension

    def _said_beside(
        self, product_id: str, picture: BlobInfo, sidecar: BlobInfo | None
    ) -> ProductText | None:
        if sidecar is not None:
            text = self._parsed(product_id, sidecar, picture.name)
            if text is not None:
                return text
        return _from_blob_metadata(product_id, picture)

    def _parsed(self, product_id: str, info: BlobInfo, named_like: str) -> ProductText | None:
        """None for an unusable document: its own event records the failure."""
        found = self.images.read(info.name) if info.size <= MAX_DOCUMENT_BYTES else None
        if found is None:
            return None
        try:
            return parse_words(product_id, found.data, default_name=readable_name(named_like))
        except Unprocessable:
            return None


def _from_blob_metadata(product_id: str, picture: BlobInfo) -> ProductText | None:
    """Blob metadata: percent-encoded UTF-8, since HTTP headers carry ASCII only."""
    said = {key.lower(): unquote(value) for key, value in picture.metadata.items()}
    if not said.keys() & {"name", "description", "metadata"}:
        return None
    try:
        metadata = parsed_json(said.get("metadata", "{}"))
        return product_text(
            product_id,
            name=said.get("name", readable_name(picture.name)),
            description=said.get("description", ""),
            metadata=metadata,
        )
    except Unprocessable as exc:
        log.warning("the blob metadata of %s is not used: %s", picture.name, exc)
        return None
