"""Products that callers put in: stored like dropped files, then indexed at once.

The original goes into the container that the blob trigger watches, so every vector can be made
again later; the trigger finds it current and does nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared_code.domain.errors import NotFound
from shared_code.domain.naming import BlobRole, check_upload_name, document_name
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
from shared_code.failures import Failures
from shared_code.indexing import (
    Duplicates,
    Indexer,
    Listing,
    ObservedText,
    ProductTextReader,
    embed_words,
    image_record,
    text_record,
)

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
    words: ProductTextReader
    indexer: Indexer
    picture_format: Callable[[ImageBytes], PictureFormat]
    """Raises UnsupportedImage for bytes that have no accepted format."""

    def put(self, text: ProductText, pictures: Sequence[ImageBytes] = ()) -> list[str]:
        """Stores and indexes a product with any number of pictures; returns the names of their
        blobs.

        Pictures are added to those that the product has; the same picture replaces itself. Nothing
        is stored unless every picture can be decoded. Raises as ``Encoder.decode`` does.
        """
        decoded = [self.encoder.decode(picture) for picture in pictures]
        vectors: Iterable[Vector] = self.encoder.encode_images(decoded) if decoded else ()
        text_vector = embed_words(self.encoder, text)
        with stage("store"):
            document = self.store_document(text)
            stored = [self.store_picture(text.product_id, picture) for picture in pictures]
        listing = Listing(text.product_id, {document.name: document}, self.words.now_us())
        observed = ObservedText(text, listing.version, next(basis for _, basis in listing.places()))
        images = [image_record(*pair, observed) for pair in zip(stored, vectors, strict=True)]
        with stage("search"):
            self.index.write(images, [text_record(text_vector, observed)])
        Duplicates(self.index).note(images)
        self._sync_changed(text.product_id, stored)
        for info, picture in zip(stored, pictures, strict=True):
            self.indexer.thumbnails.add(Blob(info, bytes(picture)))
        return [info.name for info in stored]

    def get(self, product_id: str) -> Product:
        """Raises NotFound for a product that the index does not have."""
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
        """Returns a page of the products that match the filter; see ``ProductIndex.products``."""
        with stage("search"):
            return self.index.products(limit=limit, cursor=cursor, where=where, order=order)

    def delete(self, product_id: str) -> int:
        """Deletes the product and its originals; returns how many pictures it had.

        Raises NotFound when neither storage nor the index has the product.
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
        for info in self.words.blobs_of(product_id):  # added meanwhile
            self.indexer.sync(info.name)
        return sum(BlobRole.of(blob).role == "picture" for blob in blobs)

    def _sync_changed(self, product_id: str, stored: Sequence[BlobInfo]) -> None:
        """Syncs what somebody replaced or deleted after it was stored and before it was indexed."""
        for info in stored:
            if etag_of(self.images.head(info.name)) != info.etag:
                self.indexer.sync(info.name)
        self.indexer.texts.refresh(product_id)

    def store_document(self, text: ProductText) -> BlobInfo:
        """Stores the product's name, description and metadata as a blob beside its pictures."""
        document = {
            "name": text.name,
            "description": text.description,
            "metadata": dict(text.metadata),
        }
        # compact: indentation could make large metadata outgrow the limit of a document
        data = json.dumps(document, ensure_ascii=False).encode()
        name = document_name(text.product_id)
        return self.images.write(name, data, content_type="application/json")

    def store_picture(self, product_id: str, picture: ImageBytes, *, stem: str = "") -> BlobInfo:
        """Stores a picture of the product, named by ``stem`` or by its content.

        Raises UnsupportedImage for bytes that have no accepted format, and Unprocessable for a
        name that is too long.
        """
        picture_format = self.picture_format(picture)
        # named by content: two uploads called image.jpg never overwrite each other
        stem = stem or hashlib.sha256(picture).hexdigest()[:16]
        name = check_upload_name(f"{product_id}/{stem}.{picture_format.extension}")
        return self.images.write(name, bytes(picture), content_type=picture_format.mime)


def _no_product(product_id: str) -> NotFound:
    return NotFound(f"There is no product {product_id!r}.")
