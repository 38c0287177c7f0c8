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

from shared_code.domain.errors import NotFound
from shared_code.domain.naming import Place, checked_upload_name, document_of
from shared_code.domain.ports import (
    Blob,
    BlobInfo,
    BlobStore,
    Encoder,
    Page,
    PictureFormat,
    ProductIndex,
    etag_of,
)
from shared_code.domain.products import ImageBytes, Product, ProductText
from shared_code.domain.timing import stage
from shared_code.failures.store import Failures
from shared_code.indexing.duplicates import Duplicates
from shared_code.indexing.indexing import Indexer
from shared_code.indexing.records import image_record, text_record
from shared_code.indexing.word_vectors import embed_words
from shared_code.indexing.words import Listing, Words, WordsReader

if TYPE_CHECKING:
    from shared_code.domain.filters import Filter
    from shared_code.domain.products import Vector
    from shared_code.domain.sorting import Order


@dataclass(frozen=True, slots=True)
class Catalogue:
    encoder: Encoder
    index: ProductIndex
    images: BlobStore
    failures: Failures
    words: WordsReader
    indexer: Indexer
    picture_format: Callable[[ImageBytes], PictureFormat]
    """Raises UnsupportedImage for bytes of no accepted format."""

    def put(self, text: ProductText, pictures: Sequence[ImageBytes] = ()) -> list[str]:
        """Stores and indexes a product with any number of pictures; returns their blobs.

        Pictures are added to those it has; the same picture again replaces itself. Nothing is
        stored unless every picture can be decoded. Raises as ``Encoder.decode`` does.
        """
        decoded = [self.encoder.decode(picture) for picture in pictures]
        vectors: Iterable[Vector] = self.encoder.encode_images(decoded) if decoded else ()
        words_vector = embed_words(self.encoder, text)
        with stage("store"):
            document = self.store_document(text)
            stored = [self.store_picture(text.product_id, picture) for picture in pictures]
        listing = Listing(text.product_id, {document.name: document}, self.words.now_us())
        words = Words(text, listing.version, next(basis for _, basis in listing.places()))
        images = [image_record(*pair, words) for pair in zip(stored, vectors, strict=True)]
        with stage("search"):
            self.index.write(images, [text_record(words_vector, words)])
        Duplicates(self.index).note(images)
        self._look_again(text.product_id, stored)
        for info, picture in zip(stored, pictures, strict=True):
            self.indexer.thumbnails.keep(Blob(info, bytes(picture)))
        return [info.name for info in stored]

    def get(self, product_id: str) -> Product:
        with stage("search"):
            product = self.index.product(product_id)
        if product is None:
            raise _no_product(product_id)
        return product

    def list(
        self,
        *,
        limit: int,
        cursor: str | None,
        where: Filter | None = None,
        order: Order | None = None,
    ) -> Page[Product]:
        with stage("search"):
            return self.index.products(limit=limit, cursor=cursor, where=where, order=order)

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
                self.indexer.thumbnails.remove(blob)
        with stage("search"):
            self.index.delete_product(product_id)
        for info in self.words.blobs_of(product_id):  # put there while this went on
            self.indexer.sync(info.name)
        return sum(Place.of(blob).role == "picture" for blob in blobs)

    def _look_again(self, product_id: str, stored: Sequence[BlobInfo]) -> None:
        """Someone may have replaced or deleted what was stored before it was indexed."""
        for info in stored:
            if etag_of(self.images.head(info.name)) != info.etag:
                self.indexer.sync(info.name)
        self.indexer.texts.refresh(product_id)

    def store_document(self, text: ProductText) -> BlobInfo:
        """The product's words, as a blob beside its pictures."""
        document = {
            "name": text.name,
            "description": text.description,
            "metadata": dict(text.metadata),
        }
        # compact: indented, much small metadata would outgrow what a document may take
        data = json.dumps(document, ensure_ascii=False).encode()
        name = document_of(text.product_id)
        return self.images.write(name, data, content_type="application/json")

    def store_picture(self, product_id: str, picture: ImageBytes, *, stem: str = "") -> BlobInfo:
        """Raises UnsupportedImage for bytes of no accepted format, and Unprocessable for a name
        that is too long."""
        found = self.picture_format(picture)
        # named by content: two uploads called image.jpg never overwrite each other
        stem = stem or hashlib.sha256(picture).hexdigest()[:16]
        name = checked_upload_name(f"{product_id}/{stem}.{found.extension}")
        return self.images.write(name, bytes(picture), content_type=found.mime)


def _no_product(product_id: str) -> NotFound:
    return NotFound(f"There is no product {product_id!r}.")
