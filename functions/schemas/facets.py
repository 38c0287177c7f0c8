"""Facets: the values that products can be filtered by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from functions.schemas.base import Request, ResponseBody, published_as
from functions.schemas.fields import FilterObject, Limit
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import Filter, FilterableFields
from shared_code.search import Facet


class FacetsRequest(Request, frozen=True):
    """GET facets."""

    field: Annotated[
        str, Meta(max_length=2_000, description="One, or several with commas; all if left out.")
    ] = ""
    limit: Annotated[Limit, Meta(description="How many values of each field at most.")] = 20
    filter: FilterObject = {}  # noqa: RUF012  # msgspec copies it

    @property
    def field_names(self) -> list[str]:
        """Empty: all of them."""
        return [name.strip() for name in self.field.split(",")] if self.field else []

    def to_filter(self, fields: FilterableFields) -> Filter | None:
        """Raises Unprocessable for a field that filters do not know."""
        return parse_filter(self.filter, fields) if self.filter else None


class FacetValue(ResponseBody, frozen=True, kw_only=True):
    """A value and the number of products that have it."""

    value: str | bool
    count: int


@published_as("FacetAnswer")
class FacetResponse(ResponseBody, frozen=True, kw_only=True):
    """One field: its values, the most frequent first, or its lowest and highest value."""

    field: str
    type: Literal["keyword", "number", "bool", "date"]
    values: list[FacetValue] | UnsetType = UNSET
    min: float | str | UnsetType = UNSET
    max: float | str | UnsetType = UNSET

    @classmethod
    def from_facet(cls, facet: Facet) -> FacetResponse:
        if facet.type in ("keyword", "bool"):
            values = [FacetValue(value=value, count=count) for value, count in facet.values]
            return cls(field=facet.field, type=facet.type, values=values)
        low, high = facet.ends or (UNSET, UNSET)
        return cls(field=facet.field, type=facet.type, min=low, max=high)


@published_as("FacetsAnswer")
class FacetsResponse(ResponseBody, frozen=True, kw_only=True):
    """The values to filter by, and how many products there are under the filter."""

    products: int
    facets: list[FacetResponse]

    @classmethod
    def from_facets(cls, facets: Iterable[Facet], products: int) -> FacetsResponse:
        return cls(products=products, facets=[FacetResponse.from_facet(f) for f in facets])
