"""Filters over product metadata, as a small tree that each index adapter translates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

FieldType: TypeAlias = Literal["keyword", "number", "bool", "date"]
Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field equals one of the values (or, for a list, holds one of them)."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The number lies within these bounds; a bound of None is no bound."""

    field: str
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None


@dataclass(frozen=True, slots=True)
class During:
    """The date lies within these bounds, which are instants; None is no bound."""

    field: str
    gt: datetime | None = None
    gte: datetime | None = None
    lt: datetime | None = None
    lte: datetime | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where the inner filter does not."""

    inner: Filter


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where every inner filter does; always when there is none."""

    inner: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Holds where at least one inner filter does."""

    inner: tuple[Filter, ...]


Filter: TypeAlias = AnyOf | Range | During | Not | AllOf | OneOf

FilterableFields: TypeAlias = Mapping[str, FieldType]
"""Metadata fields with a payload index. Qdrant Cloud refuses a filter on any other."""
