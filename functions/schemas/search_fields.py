"""The types that fields of searches share, with what the API's document says of them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

MAX_IDS = 100
MAX_LIKE = 16

ProductId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Excluded: TypeAlias = Annotated[
    tuple[ProductId, ...], Meta(max_length=MAX_IDS, description="Products that are not shown.")
]
LikeThese: TypeAlias = Annotated[
    tuple[ProductId, ...], Meta(max_length=MAX_LIKE, description="Products to be like, or unlike.")
]
IdsText: TypeAlias = Annotated[
    str,
    Meta(
        description="Product ids: a JSON list as text.",
        extra_json_schema={"contentMediaType": "application/json"},
    ),
]
Box: TypeAlias = Annotated[
    str,
    Meta(
        max_length=100,
        description="x,y,w,h of a part of the picture, from its top left, in fractions of it.",
        examples=["0.25,0,0.5,1"],
    ),
]
GivenVector: TypeAlias = Annotated[
    list[float],
    Meta(
        min_length=1,
        max_length=4096,
        description="An embedding that this model made; POST embed gives such.",
    ),
]
Cutoff: TypeAlias = Annotated[
    Literal["auto"], Meta(description="auto: what does not answer the query is left out.")
]
Diversity: TypeAlias = Annotated[
    float, Meta(ge=0, le=1, description="0: by score alone; 1: as unlike one another as can be.")
]
Sort: TypeAlias = Annotated[
    str,
    Meta(min_length=1, max_length=200, description="A number or date field; -field for falling."),
]
ImageWeight: TypeAlias = Annotated[
    float, Meta(ge=0, le=1, description="Of the pictures; the text has the rest. 0.5 if left out.")
]
