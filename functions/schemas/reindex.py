"""The JSON shapes of answers about collections."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from functions.schemas.base import Answer
from shared_code.domain.ports import Collections


class CollectionAnswer(Answer, frozen=True, kw_only=True):
    """The vectors of one model."""

    name: Annotated[str, Meta(description="The alias and the model's fingerprint.")]
    serving: Annotated[bool, Meta(description="Searches are answered from it.")]


class CollectionsAnswer(Answer, frozen=True, kw_only=True):
    """The collections that there are."""

    collections: list[CollectionAnswer]


def collections_answer(found: Collections) -> CollectionsAnswer:
    serves = found.serving()
    return CollectionsAnswer(
        collections=[CollectionAnswer(name=n, serving=n == serves) for n in found.names()]
    )
