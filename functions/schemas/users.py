"""Saved searches and preferences of a user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from functions.schemas.base import Request, ResponseBody, from_json, published_as
from functions.schemas.fields import FilterObject, Limit, Offset, ProductId
from functions.schemas.search import HybridRequest, SearchRequest
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import FilterableFields
from shared_code.search import Mode
from shared_code.users import MAX_MARKED, Mark, Preferences, SavedSearch

SearchType: TypeAlias = Literal["search", "search-hybrid"]
Marked: TypeAlias = Annotated[tuple[ProductId, ...], Meta(max_length=MAX_MARKED)]

SEARCHES: dict[str, type[SearchRequest] | type[HybridRequest]] = {
    "search": SearchRequest,
    "search-hybrid": HybridRequest,
}


class SaveRequest(Request, frozen=True):
    """POST saved-searches."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    search: Annotated[dict[str, Any], Meta(description="The body of that search.")]
    type: SearchType = "search"

    def check_search(self, fields: FilterableFields) -> dict[str, Any]:
        """Returns the search as it was sent. Raises Unprocessable for one that could not be run."""
        search = from_json(self.search, SEARCHES[self.type])
        search.check()
        search.to_options(fields)
        return self.search


class SavedPath(Request, frozen=True):
    search_id: str


class RunRequest(Request, frozen=True):
    """POST saved-searches/{id}/run: another page of it."""

    limit: Limit | None = None
    offset: Offset | None = None

    def apply_to(self, saved: SavedSearch) -> SearchRequest | HybridRequest:
        """Returns the search to run. Raises Unprocessable for one that is no longer accepted."""
        page = {"limit": self.limit, "offset": self.offset}
        changes = {name: value for name, value in page.items() if value is not None}
        return from_json({**saved.search, **changes}, SEARCHES[saved.type])


class PreferencesRequest(Request, frozen=True):
    """PUT preferences: all of them; a preference that is left out is deleted."""

    limit: Limit | None = None
    mode: Mode | None = None
    filter: FilterObject = {}  # noqa: RUF012  # msgspec copies it
    liked: Marked = ()
    hidden: Marked = ()

    def __post_init__(self) -> None:
        if both := set(self.liked) & set(self.hidden):
            raise ValueError(f"a product is liked or hidden, not both: {min(both)}")

    def to_preferences(self, fields: FilterableFields) -> Preferences:
        """Raises Unprocessable for a filter that searches would refuse."""
        parse_filter(self.filter, fields)
        liked, hidden = (list(dict.fromkeys(ids)) for ids in (self.liked, self.hidden))
        return Preferences(self.limit, self.mode, self.filter, liked, hidden)


class MarkPath(Request, frozen=True):
    mark: Mark
    product_id: ProductId


@published_as("SavedSearchAnswer")
class SavedSearchResponse(ResponseBody, frozen=True, kw_only=True):
    """A search that a user has saved."""

    id: str
    name: str
    type: SearchType
    search: Annotated[dict[str, Any], Meta(description="The body of that search.")]
    created: str

    @classmethod
    def from_saved(cls, saved: SavedSearch) -> SavedSearchResponse:
        return cls(
            id=saved.id,
            name=saved.name,
            type=saved.type,
            search=dict(saved.search),
            created=saved.created,
        )


@published_as("SavedSearchesAnswer")
class SavedSearchesResponse(ResponseBody, frozen=True, kw_only=True):
    """All saved searches of a user, oldest first."""

    count: int
    saved_searches: list[SavedSearchResponse]

    @classmethod
    def from_all_saved(cls, searches: Sequence[SavedSearch]) -> SavedSearchesResponse:
        saved = [SavedSearchResponse.from_saved(search) for search in searches]
        return cls(count=len(saved), saved_searches=saved)


@published_as("PreferencesAnswer")
class PreferencesResponse(ResponseBody, frozen=True, kw_only=True):
    """The defaults of a user's searches."""

    limit: int | None
    mode: str | None
    filter: dict[str, Any]
    liked: list[str]
    hidden: list[str]

    @classmethod
    def from_preferences(cls, preferences: Preferences) -> PreferencesResponse:
        return cls(
            limit=preferences.limit,
            mode=preferences.mode,
            filter=dict(preferences.filter),
            liked=list(preferences.liked),
            hidden=list(preferences.hidden),
        )


@published_as("ForgottenAnswer")
class ForgottenResponse(ResponseBody, frozen=True, kw_only=True):
    """The rows are deleted."""

    status: Literal["deleted"] = "deleted"
    rows: Annotated[int, Meta(description="How many rows were deleted.")]
