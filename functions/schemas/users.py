"""The JSON shapes of saved searches and preferences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta

from functions.schemas.base import Answer
from shared_code.users import Preferences, SavedSearch


class SavedSearchAnswer(Answer, frozen=True, kw_only=True):
    """A search that a user has saved."""

    id: str
    name: str
    type: Literal["search", "search-hybrid"]
    search: Annotated[dict[str, Any], Meta(description="The body of that search.")]
    created: str


class SavedSearchesAnswer(Answer, frozen=True, kw_only=True):
    """All of a user, oldest first."""

    count: int
    saved_searches: list[SavedSearchAnswer]


class PreferencesAnswer(Answer, frozen=True, kw_only=True):
    """What a user's searches start from where they say nothing themselves."""

    limit: int | None
    mode: str | None
    filter: dict[str, Any]
    liked: list[str]
    hidden: list[str]


class ForgottenAnswer(Answer, frozen=True, kw_only=True):
    """It is gone."""

    status: Literal["deleted"] = "deleted"
    rows: Annotated[int, Meta(description="How many things were kept.")]


def saved(found: SavedSearch) -> SavedSearchAnswer:
    return SavedSearchAnswer(
        id=found.id,
        name=found.name,
        type=found.type,
        search=dict(found.search),
        created=found.created,
    )


def all_saved(found: Sequence[SavedSearch]) -> SavedSearchesAnswer:
    return SavedSearchesAnswer(count=len(found), saved_searches=[saved(each) for each in found])


def preferences(found: Preferences) -> PreferencesAnswer:
    return PreferencesAnswer(
        limit=found.limit,
        mode=found.mode,
        filter=dict(found.filter),
        liked=list(found.liked),
        hidden=list(found.hidden),
    )
