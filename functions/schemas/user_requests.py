"""What saved searches and preferences may hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from functions.http.parse import converted
from functions.schemas.fields import FilterObject, Limit, Offset
from functions.schemas.requests import Request
from functions.schemas.search_fields import ProductId
from functions.schemas.search_requests import HybridRequest, SearchRequest
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import FilterableFields
from shared_code.search import Mode
from shared_code.users import MAX_MARKED, Mark, Preferences

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

    def checked(self, fields: FilterableFields) -> dict[str, Any]:
        """Raises Unprocessable for what could not be run."""
        search = search_of(self.type, self.search)
        search.check()
        search.options(fields)
        return self.search


def search_of(search_type: str, search: Any) -> SearchRequest | HybridRequest:
    return converted(search, SEARCHES[search_type])


class SavedPath(Request, frozen=True):
    search_id: str


class RunRequest(Request, frozen=True):
    """POST saved-searches/{id}/run: another page of it."""

    limit: Limit | None = None
    offset: Offset | None = None

    def page_of(self, search: dict[str, Any]) -> dict[str, Any]:
        given = {"limit": self.limit, "offset": self.offset}
        return {**search, **{name: value for name, value in given.items() if value is not None}}


class PreferencesRequest(Request, frozen=True):
    """PUT preferences: all of them; what is left out is no longer preferred."""

    limit: Limit | None = None
    mode: Mode | None = None
    filter: FilterObject = {}  # noqa: RUF012  # msgspec copies it
    liked: Marked = ()
    hidden: Marked = ()

    def __post_init__(self) -> None:
        if both := set(self.liked) & set(self.hidden):
            raise ValueError(f"a product is liked or hidden, not both: {min(both)}")

    def preferences(self, fields: FilterableFields) -> Preferences:
        parse_filter(self.filter, fields)
        liked, hidden = (list(dict.fromkeys(ids)) for ids in (self.liked, self.hidden))
        return Preferences(self.limit, self.mode, self.filter, liked, hidden)


class MarkPath(Request, frozen=True):
    mark: Mark
    product_id: ProductId
