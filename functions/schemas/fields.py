"""The types that fields of several requests share, with what the API's document says of them."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from msgspec import Meta

from functions.schemas.base import Request, as_json_text

FILTER = "Filter"
"""The schema of filters. Its fields are a setting, so ``functions.docs`` makes it."""

_FILTER_REF = {"$ref": f"#/components/schemas/{FILTER}"}

Text: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=10_000, description="Words, of any language.")
]
ProductId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=100, description="How many at most.")]
Offset: TypeAlias = Annotated[int, Meta(ge=0, le=1_000, description="How many to skip.")]
Sort: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="A number or date field; -field: descending.",
    ),
]
Cursor: TypeAlias = Annotated[
    str, Meta(description="The cursor of the page before; leave it out for the first page.")
]
NextCursor: TypeAlias = Annotated[
    str | None, Meta(description="The cursor of the next page; null on the last.")
]
FilterObject: TypeAlias = Annotated[
    dict[str, Any],
    Meta(
        description="Conditions on the products' metadata.",
        extra_json_schema=_FILTER_REF,
        extra=as_json_text("A filter over the products' metadata, as JSON text."),
    ),
]


class ListingRequest(Request, frozen=True):
    """A page of a listing."""

    limit: Limit = 20
    cursor: Cursor | None = None
