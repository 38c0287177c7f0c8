"""The types that fields of several requests share, with what the API's document says of them."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from msgspec import Meta

FILTER = "Filter"
"""The schema of filters. Its fields are a setting, so ``functions.docs`` makes it."""

_FILTER_REF = {"$ref": f"#/components/schemas/{FILTER}"}

Text: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=10_000, description="Words, of any language.")
]
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=100, description="How many at most.")]
Offset: TypeAlias = Annotated[int, Meta(ge=0, le=1_000, description="How many to pass over.")]
Threshold: TypeAlias = Annotated[
    float, Meta(ge=-1, le=1, description="Results with a lower score are left out.")
]
Cursor: TypeAlias = Annotated[
    str, Meta(description="The one of the page before; leave it out for the first page.")
]
FilterObject: TypeAlias = Annotated[
    dict[str, Any],
    Meta(description="Over the products' metadata.", extra_json_schema=_FILTER_REF),
]
FilterText: TypeAlias = Annotated[
    str,
    Meta(
        description="A filter over the products' metadata, as JSON text.",
        extra_json_schema={"contentMediaType": "application/json", "contentSchema": _FILTER_REF},
    ),
]
MetadataText: TypeAlias = Annotated[
    str,
    Meta(
        description="The shop's own facts, a JSON object as text.",
        extra_json_schema={"contentMediaType": "application/json"},
    ),
]
