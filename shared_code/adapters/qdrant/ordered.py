"""Listings by a field that no tie, list of values or missing value upsets, on either engine.

An engine orders by value only: it leaves open how equal values follow one another, gives a point
once for each of its values, and leaves points without one out. So points of one value are listed
by their ids, each point at the first of its values, and those without a value come last.

A listing goes on from a value that the engine returned, never from one that is computed to be the
next. A filter excludes the products with a value in what has been passed, and the same bounds list
those that tie there: whatever the engine makes of the bounds, a product is in one or the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import struct
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from shared_code.adapters.qdrant.buckets import Bucket, bucket_around
from shared_code.adapters.qdrant.points import Payload, foreign_cursor
from shared_code.domain.errors import Unavailable
from shared_code.domain.filters import Filter, Not
from shared_code.domain.sorting import Order, is_position, list_positions

SORTED_AT_A_TIME = 1000
"""Points of one bucket that are sorted by value here. Numbers that agree in 15 digits share a
bucket; where more points do, they are listed by id."""


class ResumePosition(NamedTuple):
    """Where a point stands in the listing; ``value`` is None behind all that have a value."""

    value: float | None
    point_id: str
    by_id: bool = False
    """The bucket around the value holds too many points to be sorted, so ids alone count."""


OrderedPoint: TypeAlias = tuple[float, str, Payload]
"""Position, id and payload of a point."""
ById: TypeAlias = Callable[[Filter, str | None], Iterator[tuple[str, Payload]]]
"""Lists the points that pass a filter, from an id on, in the order of ids."""
ByValue: TypeAlias = Callable[[Filter | None, float | None, int | None], list[OrderedPoint]]
"""Returns the first points in the order of the field that pass a filter, from a position on: so
many, or as many as a page needs."""


@dataclass(frozen=True, slots=True)
class OrderedListing:
    order: Order
    by_id: ById
    by_value: ByValue

    def page(self, limit: int, cursor: str | None) -> tuple[list[Payload], str | None]:
        """Returns the payloads, and the cursor of the next page. Raises Unprocessable for a
        cursor that this order never gave."""
        resume = None if cursor is None else decode_position(cursor, self.order)
        points = list(itertools.islice(self._list_from(resume), limit + 1))
        more = encode_position(points[limit - 1][0], self.order) if len(points) > limit else None
        return [payload for _, payload in points[:limit]], more

    def first_value(self) -> Any:
        """Returns the first value as the shop wrote it; None without any."""
        for at, _, payload in self._list_after(None):
            values = list_positions(payload["metadata"][self.order.field], self.order.kind)
            # a payload may be read a unit off, so none of its values need be equal to this one
            return min(values, key=lambda value: abs(value[0] - at))[1]
        return None

    def _list_from(self, resume: ResumePosition | None) -> Iterator[tuple[ResumePosition, Payload]]:
        if resume is None:
            yield from self._list_buckets_after(None)
        elif resume.value is not None:
            bucket = bucket_around(resume.value, self.order)
            yield from self._list_bucket(bucket, resume)
            yield from self._list_buckets_after(bucket)
        last_id = resume.point_id if resume and resume.value is None else None
        for point_id, payload in self.by_id(Not(self.order.any_value()), last_id):
            if point_id != last_id:
                yield ResumePosition(None, point_id), payload

    def _list_buckets_after(
        self, passed: Bucket | None
    ) -> Iterator[tuple[ResumePosition, Payload]]:
        while points := self._list_after(passed):
            # there may be more points in the last bucket than were returned
            last = bucket_around(points[-1][0], self.order)
            yield from self._sort(p for p in points if bucket_around(p[0], self.order) != last)
            yield from self._list_bucket(last, None)
            passed = last

    def _list_after(self, passed: Bucket | None) -> list[OrderedPoint]:
        """Returns the first points that have no value in or before the passed bucket."""
        if passed is None:
            return self._list_by_value(None, self.order.start, None)
        points = self._list_by_value(Not(passed.is_passed), passed.start, None)
        rank = self.order.rank
        if any(
            rank(at) <= rank(passed.at) or bucket_around(at, self.order) == passed
            for at, _, _ in points
        ):
            raise Unavailable(
                f"Qdrant cannot list by {self.order.field!r}: it returns values that were excluded"
            )
        return points

    def _list_bucket(
        self, bucket: Bucket, resume: ResumePosition | None
    ) -> Iterator[tuple[ResumePosition, Payload]]:
        """Lists the points of which the first value lies in the bucket, after a position in it."""
        by_id = not bucket.is_single
        last_id = resume.point_id if resume else None
        if by_id and not (resume and resume.by_id):
            points = self._list_by_value(bucket.is_first_in, bucket.start, SORTED_AT_A_TIME + 1)
            points = [p for p in points if bucket_around(p[0], self.order) == bucket]
            if len(points) <= SORTED_AT_A_TIME:
                after = resume and self._rank(resume)
                for position, payload in self._sort(points):
                    if after is None or self._rank(position) > after:
                        yield position, payload
                return
            # it may have grown since the page before: products are repeated then, none is hidden
            last_id = None
        for point_id, payload in self.by_id(bucket.is_first_in, last_id):
            if point_id != last_id:
                yield ResumePosition(bucket.at, point_id, by_id), payload

    def _list_by_value(
        self, within: Filter | None, start: float | None, limit: int | None
    ) -> list[OrderedPoint]:
        points = self.by_value(within, start, limit)
        return [point for point in points if is_position(point[0], self.order.kind)]

    def _sort(self, points: Iterable[OrderedPoint]) -> list[tuple[ResumePosition, Payload]]:
        """Sorts points, which come in the order of their values, by value and id; each is listed
        at its first value."""
        first: dict[str, tuple[ResumePosition, Payload]] = {}
        for at, point_id, payload in points:
            first.setdefault(point_id, (ResumePosition(at, point_id), payload))
        return sorted(first.values(), key=lambda point: self._rank(point[0]))

    def _rank(self, position: ResumePosition) -> tuple[float, str]:
        value = position.value
        return (0.0 if value is None else self.order.rank(value), position.point_id)


_VALUED, _WITHOUT, _BY_ID = b"\x02", b"\x03", b"\x04"
"""First byte of a cursor; a listing by ids has another."""
_BYTES_OF_ORDER = 4
"""They tell one order's cursors from another's."""


def encode_position(position: ResumePosition, order: Order) -> str:
    point = uuid.UUID(position.point_id).bytes
    if position.value is None:
        raw = _WITHOUT + _digest_order(order) + point
    else:
        at = int(position.value) if order.kind == "date" else position.value
        kind = _BY_ID if position.by_id else _VALUED
        raw = kind + _digest_order(order) + struct.pack(_get_format(order), at) + point
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_position(cursor: str, order: Order) -> ResumePosition:
    """Raises Unprocessable for what ``encode_position`` never gave for this order."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        kind, rest = raw[:1], raw[1 + _BYTES_OF_ORDER :]
        at = None if kind == _WITHOUT else struct.unpack(_get_format(order), rest[:-16])[0]
        position = ResumePosition(at, str(uuid.UUID(bytes=rest[-16:])), kind == _BY_ID)
        is_in_order = at is None or is_position(at, order.kind)
        if is_in_order and encode_position(position, order) == cursor:
            return position
    except (binascii.Error, ValueError, struct.error):
        pass
    raise foreign_cursor()


def ordered_point(record: Any) -> OrderedPoint:
    """Reads an engine's record."""
    return record.order_value, str(record.id), record.payload or {}


def _get_format(order: Order) -> str:
    return ">q" if order.kind == "date" else ">d"


def _digest_order(order: Order) -> bytes:
    text = f"{'-' if order.falling else ''}{order.field}:{order.kind}"
    return hashlib.blake2s(text.encode(), digest_size=_BYTES_OF_ORDER).digest()
