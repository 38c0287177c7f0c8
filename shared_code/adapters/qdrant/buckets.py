"""Ranges of positions whose bounds every engine reads exactly.

A Qdrant server reads some numbers of 16 or 17 digits a unit or two off, in requests and in stored
payloads: it takes -0.9999999999999999 for -1. Numbers of up to 15 digits, the last of them worth
1e-22 or more, it reads exactly, as any parser does. So a listing sends no others. Each of them is
a bucket by itself, and all longer numbers between two of them share one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from shared_code.domain.filters import AllOf, During, Filter, Not, Range
from shared_code.domain.sorting import Order, position_to_date

_DIGITS = 15
_LONGEST_WRITTEN_OUT, _DIGITS_BEFORE_POINT_ZERO = 15, 13
"""From 1e15 on, numbers are written out with .0 behind, 17 digits in all, which are read exactly if
three of them are 0 before that; from 1e16 on, they are written with an exponent."""
_FINEST = -22
"""Power of ten of the last digit: 10 ** 22 is the largest that a double holds exactly."""
_FAR = 1e23
"""From here on, and below its negative, one bucket holds all numbers, for the same reason."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Holds the positions from ``low`` to ``high``, in one order; None is no bound."""

    order: Order
    low: float | None
    high: float | None
    is_open: bool
    """The bounds themselves lie outside."""
    at: float = field(compare=False)
    """The position that this bucket was made for."""

    @property
    def is_single(self) -> bool:
        return self.low == self.high

    @property
    def start(self) -> float | None:
        """The bound that comes first in this order."""
        first = self.high if self.order.falling else self.low
        return self.order.start if first is None else first

    @property
    def is_first_in(self) -> Filter:
        """Matches the products of which the first value lies in this bucket."""
        low, high = ("gt", "lt") if self.is_open else ("gte", "lte")
        within = _make_range(self.order, {low: self.low, high: self.high})
        first, before = (self.high, "gt") if self.order.falling else (self.low, "lt")
        if first is None:
            return within
        # the bound itself lies before an open bucket
        return AllOf((within, Not(self._reach_to(first, before, is_included=self.is_open))))

    @property
    def is_passed(self) -> Filter:
        """Matches the products with a value in this bucket or before it."""
        last, before = (self.low, "gt") if self.order.falling else (self.high, "lt")
        if last is None:
            return self.order.any_value()
        return self._reach_to(last, before, is_included=not self.is_open)

    def _reach_to(self, bound: float, side: str, *, is_included: bool) -> Filter:
        """Returns the range from the order's start to a bound."""
        start_side = "lte" if self.order.falling else "gte"
        side += "e" if is_included else ""
        return _make_range(self.order, {start_side: self.order.start, side: bound})


def bucket_around(at: float, order: Order) -> Bucket:
    if order.kind == "date":  # sent as text, which is read exactly
        return Bucket(order, at, at, False, at)
    at += 0.0  # -0.0 becomes 0.0
    if abs(at) >= _FAR:
        low, high = (_FAR, None) if at > 0 else (None, -_FAR)
        return Bucket(order, low, high, False, at)
    exact = Decimal(repr(at))
    magnitude = exact.adjusted()
    digits = _DIGITS_BEFORE_POINT_ZERO if magnitude == _LONGEST_WRITTEN_OUT else _DIGITS
    step = Decimal(1).scaleb(max(magnitude - digits + 1, _FINEST))
    below = exact.quantize(step, ROUND_FLOOR)
    if below == exact:
        return Bucket(order, at, at, False, at)
    return Bucket(order, float(below), float(below + step), True, at)


def _make_range(order: Order, bounds: dict[str, float | None]) -> Filter:
    set_bounds = {name: bound for name, bound in bounds.items() if bound is not None}
    if order.kind == "date":
        return During(order.field, **{n: position_to_date(b) for n, b in set_bounds.items()})
    return Range(order.field, **set_bounds)
