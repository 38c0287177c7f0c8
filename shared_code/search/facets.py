"""The values that products can be filtered by, counted under a filter.

The index that counts them is ``shared_code/adapters/qdrant/index.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared_code.domain.errors import Unprocessable
from shared_code.domain.filter_language import describe_fields
from shared_code.domain.sorting import SORTABLE
from shared_code.domain.timing import stage

if TYPE_CHECKING:
    from shared_code.domain.filters import FieldType, Filter, FilterableFields
    from shared_code.domain.ports import ProductIndex


@dataclass(frozen=True, slots=True)
class Facet:
    """Of keywords and bools the values with their numbers of products; of numbers and dates the
    ends."""

    field: str
    type: FieldType
    values: Sequence[tuple[str | bool, int]] = ()
    ends: tuple[Any, Any] | None = None


@dataclass(frozen=True, slots=True)
class Facets:
    index: ProductIndex
    fields: FilterableFields

    def of(
        self, names: Sequence[str], *, limit: int, where: Filter | None
    ) -> tuple[list[Facet], int]:
        """Also how many products there are. No names: every field. Raises Unprocessable for a
        name that is none."""
        for name in names:
            if name not in self.fields:
                message = f"{name[:100]!r} is none; {describe_fields(self.fields)}"
                raise Unprocessable.at("field", message)
        wanted = dict.fromkeys(names or self.fields)
        with stage("search"):
            facets = [self._facet(name, limit, where) for name in wanted]
            return facets, self.index.matching(where)

    def _facet(self, name: str, limit: int, where: Filter | None) -> Facet:
        kind = self.fields[name]
        if kind in SORTABLE:
            return Facet(name, kind, ends=self.index.extremes(name, where=where))
        return Facet(name, kind, self.index.facet(name, limit=limit, where=where))
