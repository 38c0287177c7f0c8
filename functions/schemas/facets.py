"""The JSON shapes of facets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import UNSET, UnsetType

from functions.schemas.base import Answer
from shared_code.search import Facet


class FacetValue(Answer, frozen=True, kw_only=True):
    """A value and the number of products that have it."""

    value: str | bool
    count: int


class FacetAnswer(Answer, frozen=True, kw_only=True):
    """One field: its values, the most frequent first, or its lowest and highest one."""

    field: str
    type: Literal["keyword", "number", "bool", "date"]
    values: list[FacetValue] | UnsetType = UNSET
    min: float | str | UnsetType = UNSET
    max: float | str | UnsetType = UNSET


class FacetsAnswer(Answer, frozen=True, kw_only=True):
    """What there is to filter by, among so many products."""

    products: int
    facets: list[FacetAnswer]


def facets_answer(found: Sequence[Facet], products: int) -> FacetsAnswer:
    return FacetsAnswer(products=products, facets=list(map(_facet, found)))


def _facet(found: Facet) -> FacetAnswer:
    if found.type in ("keyword", "bool"):
        values = [FacetValue(value=value, count=count) for value, count in found.values]
        return FacetAnswer(field=found.field, type=found.type, values=values)
    low, high = found.ends or (UNSET, UNSET)
    return FacetAnswer(field=found.field, type=found.type, min=low, max=high)
