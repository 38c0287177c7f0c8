"""Filters as callers write them, to the tree of ``domain.filters``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared_code.domain.dates import instant_of, is_whole_day
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import (
    AllOf,
    AnyOf,
    During,
    FieldType,
    Filter,
    FilterableFields,
    Not,
    OneOf,
    Range,
)

_BOUNDS = ("gt", "gte", "lt", "lte")
_MAX_DEPTH = 8
MAX_VALUES = 100
"""Of one list: each becomes a condition that the index looks at."""
MAX_CONDITIONS = 200
"""Of a whole filter."""
RESERVED = ("and", "or", "not")
"""Words of the filter language, which no field can be called."""


def parse_filter(given: Mapping[str, Any], fields: FilterableFields) -> Filter:
    """``{"category": "dresses", "price": {"lte": 50}, "brand": ["a", "b"], "not": {…},
    "or": [{…}, {…}]}``: everything given must hold.

    Raises Unprocessable for an unknown field, a wrong type, nesting beyond 8 levels or more
    than 200 conditions, and says what would be right.
    """
    return _Parsing(fields).parsed(given)


class _Parsing:
    def __init__(self, fields: FilterableFields) -> None:
        self._fields = fields
        self._conditions = 0

    def parsed(self, given: Any, *, within: str = "", depth: int = 0) -> Filter:
        if not isinstance(given, dict):
            raise _problem(within, f"must be an object; got {_shown(given)}")
        if depth > _MAX_DEPTH:
            raise _problem(within, f"nested more than {_MAX_DEPTH} levels deep")
        if not given:  # as costly as a condition where there are many
            self._count(within, 1)
        parts = tuple(self._part(name, wanted, depth) for name, wanted in given.items())
        return parts[0] if len(parts) == 1 else AllOf(parts)

    def _part(self, name: str, wanted: Any, depth: int) -> Filter:
        if name == "not":
            return Not(self.parsed(wanted, within=name, depth=depth + 1))
        if name in RESERVED:
            if not isinstance(wanted, list) or not wanted:
                raise _problem(name, "must hold a list of at least one filter object")
            inner = tuple(self.parsed(each, within=name, depth=depth + 1) for each in wanted)
            return AllOf(inner) if name == "and" else OneOf(inner)
        if name not in self._fields:
            raise _problem(name, f"unknown field; {known_fields(self._fields)}")
        return self._condition(name, wanted, self._fields[name])

    def _condition(self, name: str, wanted: Any, kind: FieldType) -> Filter:
        if isinstance(wanted, dict):
            self._count(name, 1)
            return _range(name, wanted, kind)
        values = wanted if isinstance(wanted, list) else [wanted]
        if not values:
            raise _problem(name, "an empty list would match nothing; leave the field out")
        if len(values) > MAX_VALUES:
            raise _problem(name, f"takes {MAX_VALUES} values at most")
        self._count(name, len(values))
        for value in values:
            if not _fits(value, kind):
                raise _problem(name, f"must be {_A[kind]}, or a list of them; got {_shown(value)}")
        if kind != "date":
            return AnyOf(name, tuple(values))
        days = tuple(_on(name, value) for value in values)
        return days[0] if len(days) == 1 else OneOf(days)

    def _count(self, name: str, conditions: int) -> None:
        self._conditions += conditions
        if self._conditions > MAX_CONDITIONS:
            raise _problem(name, f"the filter holds more than {MAX_CONDITIONS} conditions")


def known_fields(fields: FilterableFields) -> str:
    """For messages: what can be filtered by, and as what."""
    listed = ", ".join(f"{name} ({kind})" for name, kind in sorted(fields.items())) or "none"
    return f"filterable fields are: {listed}"


def _on(name: str, value: str) -> During:
    """All of a day, or the instant."""
    return During(name, gte=_edge("gte", value), lte=_edge("lte", value))


def _range(name: str, bounds: Mapping[str, Any], kind: FieldType) -> Filter:
    if kind not in ("number", "date"):
        raise _problem(name, f"is a {kind}; ranges work on numbers and dates")
    if not bounds or not set(bounds) <= set(_BOUNDS):
        raise _problem(name, f"a range takes {', '.join(_BOUNDS)}")
    for value in bounds.values():
        if not _fits(value, kind):
            raise _problem(name, f"each bound must be {_A[kind]}; got {_shown(value)}")
    if kind == "number":
        return Range(name, **bounds)
    return During(name, **{bound: _edge(bound, value) for bound, value in bounds.items()})


def _edge(bound: str, day: str) -> datetime:
    """A whole day begins at its first instant and ends after its last one."""
    start = _instant(day)
    after = bound in ("gt", "lte") and is_whole_day(day)
    return start + timedelta(days=1, microseconds=-1) if after else start


def _instant(value: str) -> datetime:
    found = instant_of(value)
    assert found is not None, "checked by _fits"  # noqa: S101
    return found


_A: Mapping[FieldType, str] = {
    "keyword": "a string",
    "number": "a number",
    "bool": "true or false",
    "date": "a date such as 2026-11-23 or 2026-11-23T10:00:00Z",
}


def _shown(value: Any) -> str:
    return repr(value)[:100]


def _fits(value: Any, kind: FieldType) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "number":
        # NaN and the infinities fail the comparison too
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and abs(value) < 2**63
    if kind == "date":
        return instant_of(value) is not None
    return isinstance(value, str)


def _problem(name: str, message: str) -> Unprocessable:
    field = f"filter.{name}" if name else "filter"
    return Unprocessable.at(field, message)
