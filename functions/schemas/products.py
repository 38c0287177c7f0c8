"""Products: indexing, listing, reading and deleting them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from msgspec import UNSET, Meta, UnsetType

from functions.schemas.base import Request, ResponseBody, as_json_text, published_as
from functions.schemas.fields import FilterObject, ListingRequest, NextCursor, Sort
from shared_code.domain.documents import make_product_text
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import Filter, FilterableFields
from shared_code.domain.naming import check_product_id
from shared_code.domain.ports import Page
from shared_code.domain.products import ImageRef, Kind, ModelInfo, Product, ProductText
from shared_code.domain.sorting import Order, parse_order

IMAGES_PATH = "/api/v1/images/"

ImageUrl = Annotated[str, Meta(description="A path on this host: GET images serves it.")]
Metadata = Annotated[dict[str, Any], Meta(description="The shop's own facts, as they were sent.")]


class ProductRequest(Request, frozen=True):
    """A product's words and facts. A form has the metadata as JSON text."""

    form_name = "ProductForm"

    product_id: str
    name: str
    description: str = ""
    metadata: Annotated[
        dict[str, Any],
        Meta(extra=as_json_text("The shop's own facts, a JSON object as text.", may_be_empty=True)),
    ] = {}  # noqa: RUF012  # msgspec copies it

    def to_product_text(self) -> ProductText:
        """Raises Unprocessable for an id or content that no product may have."""
        return make_product_text(
            check_product_id(self.product_id),
            name=self.name,
            description=self.description,
            metadata=self.metadata,
        )


class ProductPath(Request, frozen=True):
    product_id: str


class ProductsRequest(ListingRequest, frozen=True):
    """GET products."""

    filter: FilterObject = {}  # noqa: RUF012  # msgspec copies it
    sort: Sort | None = None

    def to_filter(self, fields: FilterableFields) -> Filter | None:
        """Raises Unprocessable for a field that filters do not know."""
        return parse_filter(self.filter, fields) if self.filter else None

    def to_order(self, fields: FilterableFields) -> Order | None:
        """Raises Unprocessable for a field that products cannot be sorted by."""
        return parse_order(self.sort, fields) if self.sort else None


@published_as("ProductAnswer")
class ProductResponse(ResponseBody, frozen=True, kw_only=True):
    """A product; ``image_url`` is the picture that stands for it."""

    id: str
    name: str
    description: str
    image_url: ImageUrl | None
    images: list[ImageUrl]
    metadata: Metadata

    @classmethod
    def from_product(cls, product: Product) -> ProductResponse:
        first = product.images[0] if product.images else None
        return cls(**describe_product(product.text, first, product.images))


@published_as("ProductsAnswer")
class ProductsResponse(ResponseBody, frozen=True, kw_only=True):
    """A page of products."""

    count: int
    products: list[ProductResponse]
    cursor: NextCursor

    @classmethod
    def from_page(cls, page: Page[Product]) -> ProductsResponse:
        products = [ProductResponse.from_product(product) for product in page.items]
        return cls(count=len(products), products=products, cursor=page.cursor)


@published_as("IndexedAnswer")
class IndexedResponse(ResponseBody, frozen=True, kw_only=True):
    """The product can be found from now on."""

    status: Literal["indexed"] = "indexed"
    product_id: str
    message: str
    embedding_type: Kind
    embedding_dimension: int
    images: list[ImageUrl] | UnsetType = UNSET

    @classmethod
    def from_text(
        cls, text: ProductText, model: ModelInfo, *, kind: Kind, blobs: Sequence[str] = ()
    ) -> IndexedResponse:
        """``blobs``: the names of the pictures that were stored."""
        return cls(
            product_id=text.product_id,
            message=f"{text.name} can be found now.",
            embedding_type=kind,
            embedding_dimension=model.dimension,
            images=[make_image_url(blob) for blob in blobs] or UNSET,
        )


@published_as("DeletedAnswer")
class DeletedResponse(ResponseBody, frozen=True, kw_only=True):
    """The product is gone, and its originals with it."""

    status: Literal["deleted"] = "deleted"
    product_id: str
    images: Annotated[int, Meta(description="How many originals were deleted.")]


def make_image_url(blob: str) -> str:
    """Returns the path under which GET images serves the blob, percent-encoded."""
    return IMAGES_PATH + quote(blob)


def describe_product(
    text: ProductText, image: ImageRef | None, images: Iterable[ImageRef]
) -> dict[str, Any]:
    """Returns the fields of a product in any response."""
    return {
        "id": text.product_id,
        "name": text.name,
        "description": text.description,
        "image_url": make_image_url(image.blob) if image else None,
        "images": [make_image_url(ref.blob) for ref in images],
        "metadata": text.metadata,
    }
