"""What is said about a product, read from storage's current state.

The first of these that exists gives the words: the product's own document
(``<product_id>/product.json``), the sidecar or the blob metadata of its first picture in
name order that has any, the file name of its first picture.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from shared_code.core.errors import Unprocessable
from shared_code.core.naming import Place, document_of, readable_name, sidecar_of
from shared_code.core.ports import BlobInfo, BlobStore, Encoder
from shared_code.core.products import Metadata, ProductText

if TYPE_CHECKING:
    from shared_code.core.products import Vector

log = logging.getLogger(__name__)

NAME_WEIGHT = 0.3
"""Of the name in a product's text vector; benchmarks/words.py compares weights."""

MAX_NAME = 500
MAX_DESCRIPTION = 10_000
MAX_METADATA_BYTES = 16_384
"""Of the metadata as JSON: every picture of the product carries a copy of it."""


@dataclass(frozen=True, slots=True)
class Words:
    """A product's text and when it was observed (microseconds since the epoch).

    The observation is the version, not a blob's last change: words can also change because
    a document was deleted, and that must win over what was there before.
    """

    text: ProductText
    version: int
    from_document: bool = False


def parse_words(product_id: str, data: bytes, *, default_name: str) -> ProductText:
    """A sidecar or product document as words; Unprocessable says what is wrong with it."""
    try:
        document = json.loads(data)
    except ValueError as exc:
        raise Unprocessable(f"not valid JSON: {exc}") from exc
    if not isinstance(document, dict):
        raise Unprocessable("must be a JSON object with name, description and metadata")
    return product_text(
        product_id,
        name=document.get("name", default_name),
        description=document.get("description", ""),
        metadata=document.get("metadata", {}),
    )


def product_text(product_id: str, *, name: Any, description: Any, metadata: Any) -> ProductText:
    """Checks types and sizes; raises Unprocessable naming the field."""
    for field, value, limit in (
        ("name", name, MAX_NAME),
        ("description", description, MAX_DESCRIPTION),
    ):
        if not isinstance(value, str):
            raise Unprocessable(f"{field} must be a string")
        if len(value) > limit:
            raise Unprocessable(f"{field} has {len(value)} characters; the limit is {limit}")
    if not name.strip():
        raise Unprocessable("name must not be empty")
    return ProductText(product_id, name.strip(), description.strip(), checked_metadata(metadata))


def checked_metadata(value: Any) -> Metadata:
    if not isinstance(value, dict):
        raise Unprocessable('metadata must be a JSON object, such as {"price": 49.9}')
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except ValueError as exc:
        raise Unprocessable(f"metadata cannot be stored: {exc}") from exc
    if size > MAX_METADATA_BYTES:
        raise Unprocessable(f"metadata takes {size} bytes; the limit is {MAX_METADATA_BYTES}")
    return value


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
            text = self._parsed(product_id, document_of(product_id), product_id)
            if text is not None:
                return Words(text, version, from_document=True)
        elif not pictures:
            return None
        for name in pictures:
            text = self._said_beside(product_id, blobs[name], sidecar_of(name) in blobs)
            if text is not None:
                return Words(text, version)
        fallback = readable_name(pictures[0] if pictures else product_id)
        return Words(ProductText(product_id, fallback), version)

    def blobs_of(self, product_id: str) -> Iterator[BlobInfo]:
        """Every blob of the product, in name order: its folder, and its root files."""
        for prefix in (f"{product_id}/", f"{product_id}."):
            for info in self._listed(prefix):
                if Place.of(info.name).product_id == product_id:
                    yield info
        bare = self.images.head(product_id)  # a picture without an extension
        if bare is not None:
            yield bare

    def _listed(self, prefix: str) -> Iterator[BlobInfo]:
        cursor: str | None = None
        while True:
            page = self.images.list(prefix, cursor=cursor)
            yield from page.items
            cursor = page.cursor
            if cursor is None:
                return

    def _said_beside(
        self, product_id: str, picture: BlobInfo, has_sidecar: bool
    ) -> ProductText | None:
        if has_sidecar:
            name = readable_name(picture.name)
            text = self._parsed(product_id, sidecar_of(picture.name), name)
            if text is not None:
                return text
        return _from_blob_metadata(product_id, picture)

    def _parsed(self, product_id: str, blob: str, default_name: str) -> ProductText | None:
        """None for an unreadable document: its own event records the failure."""
        found = self.images.read(blob)
        if found is None:
            return None
        try:
            return parse_words(product_id, found.data, default_name=readable_name(default_name))
        except Unprocessable:
            return None


def _from_blob_metadata(product_id: str, picture: BlobInfo) -> ProductText | None:
    """Blob metadata: percent-encoded UTF-8, since HTTP headers carry ASCII only."""
    said = {key.lower(): unquote(value) for key, value in picture.metadata.items()}
    if not said.keys() & {"name", "description", "metadata"}:
        return None
    try:
        metadata = json.loads(said.get("metadata", "{}"))
        return product_text(
            product_id,
            name=said.get("name", readable_name(picture.name)),
            description=said.get("description", ""),
            metadata=metadata,
        )
    except (Unprocessable, ValueError) as exc:
        log.warning("the blob metadata of %s is not used: %s", picture.name, exc)
        return None
