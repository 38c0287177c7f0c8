"""What POST index-batch and the functions about jobs may be asked."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from functions.schemas.requests import Request
from shared_code.domain.errors import Unprocessable

MAX_PRODUCTS = 100_000


class BatchRequest(Request, frozen=True):
    """POST index-batch: blobs of the container, a feed, products, or what failed before."""

    prefix: (
        Annotated[str, Meta(max_length=1_024, description="Of blob names; empty: all of them.")]
        | UnsetType
    ) = UNSET
    container: Annotated[str, Meta(description="Always the images container.")] | UnsetType = UNSET
    feed: (
        Annotated[
            str,
            Meta(min_length=1, max_length=1_024, description="A blob of the container of feeds."),
        ]
        | UnsetType
    ) = UNSET
    products: (
        Annotated[
            list[dict[str, Any]],
            Meta(
                min_length=1,
                max_length=MAX_PRODUCTS,
                description="Objects with product_id, name, description, images, metadata.",
            ),
        ]
        | UnsetType
    ) = UNSET
    failures: (
        Annotated[bool, Meta(description="True: what is among the index failures.")] | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        blobs = self.prefix is not UNSET or self.container is not UNSET
        given = [blobs, self.feed is not UNSET, self.products is not UNSET, self.failures is True]
        if sum(given) != 1:
            raise ValueError("give one of prefix (with container), feed, products, failures: true")

    def check_container(self, images: str) -> None:
        """Raises Unprocessable for any but the images container."""
        if self.container not in (UNSET, images):
            raise Unprocessable(
                f"container: pictures are indexed in the container {images!r}; copy them there"
            )


class ReindexRequest(Request, frozen=True):
    """POST reindex."""

    rollback: Annotated[
        bool, Meta(description="Back to the collection before: at once, then caught up.")
    ] = False


class CollectionPath(Request, frozen=True):
    name: str


class JobPath(Request, frozen=True):
    job_id: str
