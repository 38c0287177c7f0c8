"""The JSON shapes of answers about products: the field names here are the API's contract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from msgspec import UNSET, Meta, UnsetType

from functions.schemas.base import Answer
from shared_code.domain.ports import Page
from shared_code.domain.products import ImageRef, Kind, ModelInfo, Product, ProductText

IMAGES_PATH = "/api/v1/images/"

ImageUrl = Annotated[str, Meta(description="A path on this host: GET images serves it.")]
Metadata = Annotated[dict[str, Any], Meta(description="The shop's own facts, as they came.")]


class ProductAnswer(Answer, frozen=True, kw_only=True):
    """A product wherever the API shows one; ``image_url`` is the picture that stands for it."""

    id: str
    name: str
    description: str
    image_url: ImageUrl | None
    images: list[ImageUrl]
    metadata: Metadata


class ProductsAnswer(Answer, frozen=True, kw_only=True):
    """A page of products."""

    count: int
    products: list[ProductAnswer]
    cursor: Annotated[str | None, Meta(description="Leads to the next page; null on the last.")]


class IndexedAnswer(Answer, frozen=True, kw_only=True):
    """The product can be found from now on."""

    status: Literal["indexed"] = "indexed"
    product_id: str
    message: str
    embedding_type: Kind
    embedding_dimension: int
    images: list[ImageUrl] | UnsetType = UNSET


class DeletedAnswer(Answer, frozen=True, kw_only=True):
    """The product is gone, and its originals with it."""

    status: Literal["deleted"] = "deleted"
    product_id: str
    images: Annotated[int, Meta(description="How many originals were deleted.")]


def product(found: Product) -> ProductAnswer:
    first = found.images[0] if found.images else None
    return ProductAnswer(**shown(found.text, first, found.images))


def products(page: Page[Product]) -> ProductsAnswer:
    found = [product(each) for each in page.items]
    return ProductsAnswer(count=len(found), products=found, cursor=page.cursor)


def indexed(
    text: ProductText, embedding_type: Kind, model: ModelInfo, blobs: Sequence[str] = ()
) -> IndexedAnswer:
    return IndexedAnswer(
        product_id=text.product_id,
        message=f"{text.name} can be found now.",
        embedding_type=embedding_type,
        embedding_dimension=model.dimension,
        images=[image_url(blob) for blob in blobs] or UNSET,
    )


def image_url(blob: str) -> str:
    """The path under which ``GET images`` serves the blob, percent-encoded."""
    return IMAGES_PATH + quote(blob)


def shown(text: ProductText, image: ImageRef | None, images: Iterable[ImageRef]) -> dict[str, Any]:
    """The keys that a product has wherever it is shown."""
    return {
        "id": text.product_id,
        "name": text.name,
        "description": text.description,
        "image_url": image_url(image.blob) if image else None,
        "images": [image_url(each.blob) for each in images],
        "metadata": text.metadata,
    }
