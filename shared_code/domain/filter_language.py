"""Parses filters as callers write them into the tree of ``domain.filters``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared_code.domain.dates import is_whole_day, parse_instant
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
"""Values in one list: each becomes a condition that the index evaluates."""
MAX_CONDITIONS = 200
"""Conditions in a whole filter."""
RESERVED = ("and", "or", "not")
"""Words of the filter language; no field can have these names."""


def parse_filter(document: Mapping[str, Any], fields: FilterableFields) -> Filter:
    """``{"category": "dresses", "price": {"lte": 50}, "brand": ["a", "b"], "not": {…},
    "or": [{…}, {…}]}``: all of it must hold.

    Raises Unprocessable for an unknown field, a wrong type, nesting beyond 8 levels or more
    than 200 conditions, and says what would be right.
    """
    return _Parser(fields).parse(document)


class _Parser:
    def __init__(self, fields: FilterableFields) -> None:
        self._fields = fields
        self._conditions = 0

    def parse(self, document: Any, *, within: str = "", depth: int = 0) -> Filter:
        if not isinstance(document, dict):
            raise _problem(within, f"must be an object; got {_quote(document)}")
        if depth > _MAX_DEPTH:
            raise _problem(within, f"nested more than {_MAX_DEPTH} levels deep")
        if not document:  # many empty ones cost as much as conditions
            self._count(within, 1)
        parts = tuple(self._parse_part(name, value, depth) for name, value in document.items())
        return parts[0] if len(parts) == 1 else AllOf(parts)

    def _parse_part(self, name: str, value: Any, depth: int) -> Filter:
        if name == "not":
            return Not(self.parse(value, within=name, depth=depth + 1))
        if name in RESERVED:
            if not isinstance(value, list) or not value:
                raise _problem(name, "must hold a list of at least one filter object")
            inner = tuple(self.parse(part, within=name, depth=depth + 1) for part in value)
            return AllOf(inner) if name == "and" else OneOf(inner)
        if name not in self._fields:
            raise _problem(name, f"unknown field; {describe_fields(self._fields)}")
        return self._parse_condition(name, value, self._fields[name])

    def _parse_condition(self, name: str, condition: Any, kind: FieldType) -> Filter:
        if isinstance(condition, dict):
            self._count(name, 1)
            return _parse_range(name, condition, kind)
        values = condition if isinstance(condition, list) else [condition]
        if not values:
            raise _problem(name, "an empty list would match nothing; leave the field out")
        if len(values) > MAX_VALUES:
            raise _problem(name, f"takes {MAX_VALUES} values at most")
        self._count(name, len(values))
        for value in values:
            if not _fits(value, kind):
                raise _problem(name, f"must be {_A[kind]}, or a list of them; got {_quote(value)}")
        if kind != "date":
            return AnyOf(name, tuple(values))
        days = tuple(_match_day(name, value) for value in values)
        return days[0] if len(days) == 1 else OneOf(days)

    def _count(self, name: str, conditions: int) -> None:
        self._conditions += conditions
        if self._conditions > MAX_CONDITIONS:
            raise _problem(name, f"the filter holds more than {MAX_CONDITIONS} conditions")


def describe_fields(fields: FilterableFields) -> str:
    """Lists the filterable fields and their types, for messages."""
    listed = ", ".join(f"{name} ({kind})" for name, kind in sorted(fields.items())) or "none"
    return f"filterable fields are: {listed}"


def _match_day(name: str, value: str) -> During:
    """Matches the whole of a day, or an instant."""
    return During(name, gte=_to_bound("gte", value), lte=_to_bound("lte", value))


def _parse_range(name: str, bounds: Mapping[str, Any], kind: FieldType) -> Filter:
    if kind not in ("number", "date"):
        raise _problem(name, f"is a {kind}; ranges work on numbers and dates")
    if not bounds or not set(bounds) <= set(_BOUNDS):
        raise _problem(name, f"a range takes {', '.join(_BOUNDS)}")
    for value in bounds.values():
        if not _fits(value, kind):
            raise _problem(name, f"each bound must be {_A[kind]}; got {_quote(value)}")
    if kind == "number":
        return Range(name, **bounds)
    return During(name, **{bound: _to_bound(bound, value) for bound, value in bounds.items()})


def _to_bound(bound: str, day: str) -> datetime:
    """A whole day begins at its first instant and ends after its last one."""
    start = _to_instant(day)
    after = bound in ("gt", "lte") and is_whole_day(day)
    return start + timedelta(days=1, microseconds=-1) if after else start


def _to_instant(value: str) -> datetime:
    instant = parse_instant(value)
    assert instant is not None, "checked by _fits"  # noqa: S101
    return instant


_A: Mapping[FieldType, str] = {
    "keyword": "a string",
    "number": "a number",
    "bool": "true or false",
    "date": "a date such as 2026-11-23 or 2026-11-23T10:00:00Z",
}


def _quote(value: Any) -> str:
    return repr(value)[:100]


def _fits(value: Any, kind: FieldType) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "number":
        # NaN and the infinities fail the comparison too
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and abs(value) < 2**63
    if kind == "date":
        return parse_instant(value) is not None
    return isinstance(value, str)


def _problem(name: str, message: str) -> Unprocessable:
    field = f"filter.{name}" if name else "filter"
    return Unprocessable.at(field, message)
