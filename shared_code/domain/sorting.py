"""Order by a metadata field, for results and listings."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared_code.domain.dates import instant_of
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import During, FieldType, Range

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
"""The positions that there can be, from and to."""


@dataclass(frozen=True, slots=True)
class Order:
    """Rising or falling by one field. A position is the number itself, or microseconds since the
    epoch; of several values of a product the one that comes first counts."""

    field: str
    kind: FieldType
    falling: bool = False

    def key(self, metadata: Metadata) -> tuple[bool, float]:
        """To sort by: products without a value come last either way."""
        at = self.position(metadata)
        return (True, 0.0) if at is None else (False, self.rank(at))

    def position(self, metadata: Metadata) -> float | None:
        found = [at for at, _ in positions(metadata.get(self.field), self.kind)]
        return min(found, key=self.rank, default=None)

    def rank(self, at: float) -> float:
        return -at if self.falling else at

    @property
    def start(self) -> float:
        """The first position that there can be."""
        first, last = _ENDS[self.kind]
        return last if self.falling else first

    def beyond(self, at: float) -> float:
        """The next position that there can be; it may be none (see ``is_position``)."""
        if self.kind == "date":
            return at - 1 if self.falling else at + 1
        return math.nextafter(at, -math.inf if self.falling else math.inf)

    def any_value(self) -> Filter:
        """Lets products with a position through."""
        first, last = _ENDS[self.kind]
        if self.kind == "date":
            return During(self.field, gte=date_at(first), lte=date_at(last))
        return Range(self.field, gte=first, lte=last)

    def just(self, at: float) -> Filter:
        """Lets products with this value through."""
        if self.kind == "date":
            return During(self.field, gte=date_at(at), lte=date_at(at))
        return Range(self.field, gte=at, lte=at)


def parse_order(given: str, fields: FilterableFields) -> Order:
    """``price`` rising, ``-price`` falling.

    Raises Unprocessable for a field that has no order, and lists those that have.
    """
    field, falling = given.removeprefix("-"), given.startswith("-")
    kind = fields.get(field)
    if kind not in SORTABLE:
        known = ", ".join(sorted(f for f, kind in fields.items() if kind in SORTABLE)) or "none"
        message = (
            f"{field[:100]!r} cannot be sorted by; fields that can, with - for falling: {known}"
        )
        raise Unprocessable.at("sort", message)
    return Order(field, kind, falling)


def positions(value: Any, kind: FieldType) -> list[tuple[float, Any]]:
    """Of a value, or of each in a list: its position, and itself. What is no number (or date),
    whatever a shop has written there, has none."""
    values = value if isinstance(value, list) else [value]
    found = ((_position(each, kind), each) for each in values)
    return [(at, each) for at, each in found if at is not None]


def is_position(at: float, kind: FieldType) -> bool:
    """False for NaN, the infinities, and what lies before the year 1 or after 9999."""
    first, last = _ENDS[kind]
    return first <= at <= last


def _position(value: Any, kind: FieldType) -> float | None:
    at: float
    if kind == "date":
        found = instant_of(value)
        if found is None:
            return None
        at = (found - _EPOCH) // _MICROSECOND
    elif isinstance(value, int | float) and not isinstance(value, bool):
        at = float(value)
    else:
        return None
    return at if is_position(at, kind) else None


def date_at(at: float) -> datetime:
    """Of a position: see ``Order``."""
    return _EPOCH + timedelta(microseconds=at)
