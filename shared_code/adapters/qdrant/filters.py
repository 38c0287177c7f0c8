"""Filters and vectors in Qdrant's terms; the two engines differ in how a part is made."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from shared_code.adapters.qdrant.lexical import SparseVector
from shared_code.adapters.qdrant.points import LEXICAL, metadata_key, words_of
from shared_code.domain.filters import AllOf, AnyOf, During, Filter, Not, OneOf, Range, Scalar
from shared_code.domain.products import ImageRecord, TextRecord


class Dialect(NamedTuple):
    """An engine's constructors; all but ``flag`` take the names of Qdrant's REST API."""

    filter: Callable[..., Any]
    condition: Callable[..., Any]
    any_of: Callable[..., Any]
    range: Callable[..., Any]
    flag: Callable[[bool], Any]
    dates: Callable[..., Any]
    sparse: Callable[..., Any]

    def vector(self, vector: Any) -> Any:
        """As the engine takes it: dense ones as they are."""
        if isinstance(vector, SparseVector):
            return self.sparse(indices=vector.indices, values=vector.values)
        return vector

    def vectors(self, record: ImageRecord | TextRecord) -> dict[str, Any]:
        """A point's, by name; empty for a text without any."""
        dense = {} if record.vector is None else {record.ref.kind: record.vector.tolist()}
        words = words_of(record)
        return dense | ({LEXICAL: self.vector(words)} if words else {})

    def equals(self, key: str, *values: str) -> Any:
        return self.condition(key=key, match=self.any_of(any=list(values)))

    def at_most(self, key: str, version: int) -> Any:
        return self.condition(key=key, range=self.range(lte=version))

    def below(self, key: str, version: int) -> Any:
        return self.condition(key=key, range=self.range(lt=version))

    def both(self, *conditions: Any) -> Any:
        return self.filter(must=list(conditions))

    def of_products(self, product_ids: Collection[str], *conditions: Any) -> Any:
        return self.both(self.equals("product_id", *product_ids), *conditions)

    def translated(self, where: Filter) -> Any:
        """Always a filter, never a bare condition: a query takes nothing else."""
        if isinstance(where, AllOf):
            return self.filter(must=[self.translated(inner) for inner in where.inner])
        if isinstance(where, Not):
            return self.filter(must_not=[self.translated(where.inner)])
        if isinstance(where, Range):
            within = self.range(gt=where.gt, gte=where.gte, lt=where.lt, lte=where.lte)
            return self.both(self.condition(key=metadata_key(where.field), range=within))
        if isinstance(where, OneOf):
            return self.filter(should=[self.translated(inner) for inner in where.inner])
        if isinstance(where, During):
            given = {bound: getattr(where, bound) for bound in ("gt", "gte", "lt", "lte")}
            within = self.dates(**{k: v.isoformat() for k, v in given.items() if v is not None})
            return self.both(self.condition(key=metadata_key(where.field), range=within))
        return self._any_of(where)

    def _any_of(self, where: AnyOf) -> Any:
        key = metadata_key(where.field)
        words = [value for value in where.values if isinstance(value, str)]
        conditions = [self.equals(key, *words)] if words else []
        conditions += [self._equals(key, v) for v in where.values if not isinstance(v, str)]
        return self.filter(should=conditions)

    def _equals(self, key: str, value: Scalar) -> Any:
        if isinstance(value, bool):
            return self.condition(key=key, match=self.flag(value))
        # a range and not a match: 5 has to find 5.0, and a match takes no fractions
        return self.condition(key=key, range=self.range(gte=value, lte=value))
