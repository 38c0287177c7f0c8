"""Moving to another model, and the collections."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from functions.schemas.base import Request, ResponseBody, published_as
from shared_code.domain.ports import Collections


class ReindexRequest(Request, frozen=True):
    """POST reindex."""

    rollback: Annotated[
        bool, Meta(description="Go back to the previous collection: at once, and then catch up.")
    ] = False


class CollectionPath(Request, frozen=True):
    name: str


@published_as("CollectionAnswer")
class CollectionResponse(ResponseBody, frozen=True, kw_only=True):
    """The vectors of one model."""

    name: Annotated[str, Meta(description="The alias and the model's fingerprint.")]
    serving: Annotated[bool, Meta(description="Searches use it.")]


@published_as("CollectionsAnswer")
class CollectionsResponse(ResponseBody, frozen=True, kw_only=True):
    """All collections."""

    collections: list[CollectionResponse]

    @classmethod
    def from_collections(cls, collections: Collections) -> CollectionsResponse:
        serving = collections.serving()
        return cls(
            collections=[
                CollectionResponse(name=name, serving=name == serving)
                for name in collections.names()
            ]
        )
