"""Filters over product metadata, as a small tree that each index adapter translates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from shared_code.core.errors import FieldError, Unprocessable

FieldType: TypeAlias = Literal["keyword", "number", "bool"]
Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field equals one of the values (or, for a list, holds one of them)."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The number lies within the bounds given; a bound of None is no bound."""

    field: str
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """The inner filter does not hold."""

    inner: Filter


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every inner filter holds; an empty one always holds."""

    inner: tuple[Filter, ...]


Filter: TypeAlias = AnyOf | Range | Not | AllOf

FilterableFields: TypeAlias = Mapping[str, FieldType]
"""Metadata fields with a payload index. Qdrant Cloud refuses a filter on any other."""

_BOUNDS = ("gt", "gte", "lt", "lte")
_MAX_DEPTH = 8
MAX_VALUES = 100
"""Of one list: each becomes a condition that the index looks at."""


def parse_filter(given: Mapping[str, Any], fields: FilterableFields, *, depth: int = 0) -> Filter:
    """``{"category": "dresses", "price": {"lte": 50}, "brand": ["a", "b"], "not": {…}}``.

    Raises Unprocessable for an unknown field, a wrong type or nesting beyond 8 levels, and
    says what would be right.
    """
    if depth > _MAX_DEPTH:
        raise Unprocessable(f"filter: nested more than {_MAX_DEPTH} levels deep")
    parts: list[Filter] = []
    for name, wanted in given.items():
        if name == "not":
            if not isinstance(wanted, dict):
                raise _problem("not", "must hold a filter object")
            parts.append(Not(parse_filter(wanted, fields, depth=depth + 1)))
        elif name in fields:
            parts.append(_condition(name, wanted, fields[name]))
        else:
            known = ", ".join(sorted(fields)) or "none"
            raise _problem(name, f"unknown field; filterable fields are: {known}")
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _condition(name: str, wanted: Any, kind: FieldType) -> Filter:
    if isinstance(wanted, dict):
        return _range(name, wanted, kind)
    values = wanted if isinstance(wanted, list) else [wanted]
    if not values:
        raise _problem(name, "an empty list would match nothing; leave the field out")
    if len(values) > MAX_VALUES:
        raise _problem(name, f"takes {MAX_VALUES} values at most")
    for value in values:
        if not _fits(value, kind):
            raise _problem(name, f"must be a {kind}, or a list of them; got {value!r}")
    return AnyOf(name, tuple(values))


def _range(name: str, bounds: Mapping[str, Any], kind: FieldType) -> Filter:
    if kind != "number":
        raise _problem(name, f"is a {kind}; ranges work on numbers")
    if not bounds or not set(bounds) <= set(_BOUNDS):
        raise _problem(name, f"a range takes {', '.join(_BOUNDS)}")
    for value in bounds.values():
        if not _fits(value, "number"):
            raise _problem(name, f"bounds must be numbers; got {value!r}")
    return Range(name, **bounds)


def _fits(value: Any, kind: FieldType) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "number":
        # NaN and the infinities fail the comparison too
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and abs(value) < 2**63
    return isinstance(value, str)


def _problem(name: str, message: str) -> Unprocessable:
    return Unprocessable(
        f"filter.{name}: {message}", errors=[FieldError(f"filter.{name}", message)]
    )
