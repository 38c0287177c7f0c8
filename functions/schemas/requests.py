"""What each request may hold: the definitions the handlers parse with.

Unknown fields are refused, so that a mistyped option is never ignored in silence.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from functions.schemas.fields import (
    Cursor,
    FilterText,
    Limit,
    MetadataText,
    Text,
)
from functions.schemas.search_fields import Sort
from shared_code.domain.documents import make_product_text
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import Filter, FilterableFields
from shared_code.domain.naming import check_product_id
from shared_code.domain.products import ProductText
from shared_code.domain.sorting import Order, parse_order
from shared_code.pictures import Side

MAX_TEXTS = 64


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition of this API."""


class EmbedRequest(Request, frozen=True):
    """POST embed: one text, or several."""

    text: Text | UnsetType = UNSET
    texts: Annotated[list[Text], Meta(min_length=1, max_length=MAX_TEXTS)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.text is UNSET) == (self.texts is UNSET):
            raise ValueError("give either text or texts")

    @property
    def is_batch(self) -> bool:
        return self.texts is not UNSET

    @property
    def all_texts(self) -> list[str]:
        return [str(self.text)] if isinstance(self.texts, UnsetType) else self.texts


class ProductRequest(Request, frozen=True):
    """POST index-product as JSON; a form carries the same, its metadata as JSON text."""

    product_id: str
    name: str
    description: str = ""
    metadata: dict[str, Any] = {}

    def product(self) -> ProductText:
        """Raises Unprocessable for what no product may be called, or hold."""
        return make_product_text(
            check_product_id(self.product_id),
            name=self.name,
            description=self.description,
            metadata=self.metadata,
        )


class ProductForm(Request, frozen=True):
    """The form of index-product and index-product-with-image."""

    product_id: str
    name: str
    description: str = ""
    metadata: MetadataText = "{}"

    def product(self) -> ProductText:
        return ProductRequest(
            product_id=self.product_id,
            name=self.name,
            description=self.description,
            metadata=json_object("metadata", self.metadata or "{}"),
        ).product()


class ListingRequest(Request, frozen=True):
    """A page of a listing."""

    limit: Limit = 20
    cursor: Cursor | None = None


class RetryRequest(ListingRequest, frozen=True):
    """POST index-failures/retry: a page of them now, or all of them by a bulk job."""

    all: bool = False

    def __post_init__(self) -> None:
        if self.all and self.cursor is not None:
            raise ValueError("cursor is of a page; leave it out to try all")


class ProductsRequest(ListingRequest, frozen=True):
    """GET products."""

    filter: FilterText = "{}"
    sort: Sort | None = None

    def order(self, fields: FilterableFields) -> Order | None:
        return parse_order(self.sort, fields) if self.sort else None


class FacetsRequest(Request, frozen=True):
    """GET facets."""

    field: Annotated[
        str, Meta(max_length=2_000, description="One, or several with commas; all if left out.")
    ] = ""
    limit: Annotated[Limit, Meta(description="How many values of each field at most.")] = 20
    filter: FilterText = "{}"

    @property
    def fields(self) -> list[str]:
        return [name.strip() for name in self.field.split(",")] if self.field else []


class ProductPath(Request, frozen=True):
    product_id: str


class ImagePath(Request, frozen=True):
    """The blob's name, slashes included; empty when nothing follows ``images/``."""

    path: str = ""


class WebPath(Request, frozen=True):
    """A file of the dashboard, slashes included; empty when nothing follows ``dashboard/``."""

    path: str = ""


class ImageRequest(Request, frozen=True):
    """GET images: the original, or a thumbnail of one of a few sizes."""

    size: Side | None = None


class ReconcileRequest(Request, frozen=True):
    """POST reconcile."""

    dry_run: bool = False
    restart: bool = False
    seconds: Annotated[int, Meta(ge=1, le=200)] = 60


class NoFields(Request, frozen=True):
    """A form that holds files only."""


class NoOptions(Request, frozen=True):
    """A request whose query string holds nothing of ours."""


class HealthRequest(Request, frozen=True):
    deep: bool = False


def json_object(field: str, text: str) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise Unprocessable.at(field, f"not valid JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise Unprocessable.at(field, "must be a JSON object")
    return content


def json_list(field: str, text: str, shape: Any) -> list[Any]:
    try:
        found: list[Any] = msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise Unprocessable.at(field, f"must be a JSON list as text: {exc}") from exc
    return found


def filter_of(text: str, fields: FilterableFields) -> Filter | None:
    given = json_object("filter", text)
    return parse_filter(given, fields) if given else None
