"""Products put in by hand: stored like dropped files, then indexed at once.

The original goes into the same container that the blob trigger watches, so every vector
can be made again later; the trigger finds it current and does nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared_code.core.errors import NotFound, UnsupportedImage
from shared_code.core.failures import Failures
from shared_code.core.indexing import Indexer
from shared_code.core.naming import Place, document_of
from shared_code.core.ports import BlobInfo, BlobStore, Encoder, Page, ProductIndex
from shared_code.core.products import Product, ProductText
from shared_code.core.records import etag_of, image_record, text_record
from shared_code.core.timing import stage
from shared_code.core.words import Words, WordsReader, embed_words

if TYPE_CHECKING:
    from shared_code.core.products import Vector


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """An accepted format, told by the content."""

    mime: str
    extension: str


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """``data`` is None when the caller already has the state that ``etag`` names."""

    data: bytes | None
    mime: str
    etag: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    encoder: Encoder
    index: ProductIndex
    images: BlobStore
    failures: Failures
    words: WordsReader
    indexer: Indexer
    picture_format: Callable[[bytes], PictureFormat]
    """Raises UnsupportedImage for bytes of no accepted format."""

    def put(self, text: ProductText, pictures: Sequence[bytes] = ()) -> list[str]:
        """Stores and indexes a product with any number of pictures; returns their blobs.

        Pictures are added to those it has; the same picture again replaces itself. Nothing is
        stored unless every picture can be decoded. Raises as ``Encoder.decode`` does.
        """
        decoded = [self.encoder.decode(picture) for picture in pictures]
        vectors: Iterable[Vector] = self.encoder.encode_images(decoded) if decoded else ()
        words_vector = embed_words(self.encoder, text)
        with stage("store"):
            self._store_document(text)
            stored = [self._store_picture(text.product_id, picture) for picture in pictures]
        words = Words(text, self.words.now_us())
        images = [image_record(*pair, words) for pair in zip(stored, vectors, strict=True)]
        with stage("search"):
            self.index.write(images, [text_record(words_vector, words)])
        self._look_again(text.product_id, stored)
        return [info.name for info in stored]

    def get(self, product_id: str) -> Product:
        with stage("search"):
            product = self.index.product(product_id)
        if product is None:
            raise _no_product(product_id)
        return product

    def list(self, *, limit: int, cursor: str | None) -> Page[Product]:
        with stage("search"):
            return self.index.products(limit=limit, cursor=cursor)

    def delete(self, product_id: str) -> int:
        """Removes the product and its originals; returns how many pictures it had.

        Raises NotFound when neither storage nor index knows the product.
        """
        blobs = [info.name for info in self.words.blobs_of(product_id)]
        if not blobs and self.index.product(product_id) is None:
            raise _no_product(product_id)
        for blob in blobs:
            with stage("store"):
                self.images.delete(blob)
                self.failures.clear(blob)
        with stage("search"):
            self.index.delete_product(product_id)
        for info in self.words.blobs_of(product_id):  # put there while this went on
            self.indexer.sync(info.name)
        return sum(Place.of(blob).role == "picture" for blob in blobs)

    def picture(self, blob: str, *, known_etag: str = "") -> StoredPicture:
        """The original. Raises NotFound for anything in the container that is no picture."""
        with stage("store"):
            head = self.images.head(blob) if blob else None
            if head is not None and head.etag == known_etag:
                return StoredPicture(None, "", head.etag)
            is_readable = head is not None and head.size <= self.indexer.max_bytes
            found = self.images.read(blob) if is_readable else None
        if found is None:
            raise NotFound(f"There is no picture {blob!r}.")
        try:
            mime = self.picture_format(found.data).mime
        except UnsupportedImage:
            raise NotFound(f"There is no picture {blob!r}.") from None
        return StoredPicture(found.data, mime, found.info.etag)

    def _look_again(self, product_id: str, stored: Sequence[BlobInfo]) -> None:
        """Someone may have replaced or deleted what was stored before it was indexed."""
        for info in stored:
            if etag_of(self.images.head(info.name)) != info.etag:
                self.indexer.sync(info.name)
        self.indexer.refresh_words(product_id)

    def _store_document(self, text: ProductText) -> None:
        document = {
            "name": text.name,
            "description": text.description,
            "metadata": dict(text.metadata),
        }
        # compact: indented, much small metadata would outgrow what a document may take
        data = json.dumps(document, ensure_ascii=False).encode()
        self.images.write(document_of(text.product_id), data, content_type="application/json")

    def _store_picture(self, product_id: str, picture: bytes) -> BlobInfo:
        found = self.picture_format(picture)
        # named by content: two uploads called image.jpg never overwrite each other
        name = f"{product_id}/{hashlib.sha256(picture).hexdigest()[:16]}.{found.extension}"
        return self.images.write(name, picture, content_type=found.mime)


def _no_product(product_id: str) -> NotFound:
    return NotFound(f"There is no product {product_id!r}.")
