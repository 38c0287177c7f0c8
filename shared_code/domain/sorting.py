"""Sorting by a metadata field, for results and listings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared_code.domain.dates import parse_instant
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import During, FieldType, OneOf, Range

if TYPE_CHECKING:
    from shared_code.domain.filters import Filter, FilterableFields
    from shared_code.domain.products import Metadata

SORTABLE = ("number", "date")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_DATE, _LAST_DATE = (
    (end.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND for end in (datetime.min, datetime.max)
)
_ENDS: Mapping[FieldType, tuple[float, float]] = {
    "number": (-sys.float_info.max, sys.float_info.max),
    "date": (_FIRST_DATE, _LAST_DATE),
}
"""The first and the last possible position of each type."""


@dataclass(frozen=True, slots=True)
class Order:
    """Rising or falling order by one field. A position is the number itself, or microseconds since
    the epoch; where a product has several values, the one that comes first counts."""

    field: str
    kind: FieldType
    falling: bool = False

    def key(self, metadata: Metadata) -> tuple[bool, float]:
        """Returns the sort key: products without a value come last in both directions."""
        at = self.position(metadata)
        return (True, 0.0) if at is None else (False, self.rank(at))

    def position(self, metadata: Metadata) -> float | None:
        candidates = [at for at, _ in list_positions(metadata.get(self.field), self.kind)]
        return min(candidates, key=self.rank, default=None)

    def rank(self, at: float) -> float:
        return -at if self.falling else at

    @property
    def start(self) -> float | None:
        """The position that a listing starts from. None for numbers, which start from the first:
        only dates may lie beyond what Python can hold."""
        if self.kind == "number":
            return None
        first, last = _ENDS[self.kind]
        return last if self.falling else first

    def any_value(self) -> Filter:
        """Returns a filter for the products that have a value."""
        if self.kind == "date":
            first, last = _ENDS[self.kind]
            return During(self.field, gte=position_to_date(first), lte=position_to_date(last))
        # a server may misread the largest number, but not 0
        return OneOf((Range(self.field, lt=0), Range(self.field, gte=0)))


def parse_order(text: str, fields: FilterableFields) -> Order:
    """Parses ``price`` (rising) or ``-price`` (falling).

    Raises Unprocessable for a field that has no order, and lists those that have.
    """
    field, falling = text.removeprefix("-"), text.startswith("-")
    kind = fields.get(field)
    if kind not in SORTABLE:
        known = ", ".join(sorted(f for f, kind in fields.items() if kind in SORTABLE)) or "none"
        message = (
            f"{field[:100]!r} cannot be sorted by; fields that can, with - for falling: {known}"
        )
        raise Unprocessable.at("sort", message)
    return Order(field, kind, falling)


def list_positions(value: Any, kind: FieldType) -> list[tuple[float, Any]]:
    """Returns position and value of a value, or of each in a list. Whatever is not a number (or
    date) has no position and is left out."""
    values = value if isinstance(value, list) else [value]
    pairs = ((_position(item, kind), item) for item in values)
    return [(at, item) for at, item in pairs if at is not None]


def is_position(at: float, kind: FieldType) -> bool:
    """Returns False for NaN, infinities, and dates before the year 1 or after 9999."""
    first, last = _ENDS[kind]
    return first <= at <= last


def _position(value: Any, kind: FieldType) -> float | None:
    at: float
    if kind == "date":
        instant = parse_instant(value)
        if instant is None:
            return None
        at = (instant - _EPOCH) // _MICROSECOND
    elif isinstance(value, int | float) and not isinstance(value, bool):
        at = float(value)
    else:
        return None
    return at if is_position(at, kind) else None


def position_to_date(at: float) -> datetime:
    """Returns the date at a position, which counts microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=at)
