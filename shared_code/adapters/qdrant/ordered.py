"""Listings by a field that no tie, list of values or missing value upsets, on either engine.

An engine orders by value only: it leaves open how equal values follow one another, gives a point
once for each of its values, and leaves points without one out. So those of one value are listed
by their ids, each point at the first of its values, and those without a value come last.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import struct
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from shared_code.adapters.qdrant.points import Payload, foreign_cursor
from shared_code.domain.filters import Filter, Not
from shared_code.domain.sorting import Order, is_position, list_positions


class Place(NamedTuple):
    """Where a point stands in the listing; ``at`` is None behind all that have a value."""

    at: float | None
    point_id: str


ById: TypeAlias = Callable[[Filter, str | None], Iterator[tuple[str, Payload]]]
"""The points that a filter lets through, from an id on, in the order of ids."""
ByValue: TypeAlias = Callable[[float], list[tuple[float, str, Payload]]]
"""The first points by the field, from a position on: positions, ids and payloads."""


@dataclass(frozen=True, slots=True)
class OrderedListing:
    order: Order
    by_id: ById
    by_value: ByValue

    def page(self, limit: int, cursor: str | None) -> tuple[list[Payload], str | None]:
        """The payloads, and the cursor of the next page. Raises Unprocessable for a cursor that
        this order never gave."""
        after = None if cursor is None else decoded(cursor, self.order)
        found = list(itertools.islice(self._from(after), limit + 1))
        more = encoded(found[limit - 1][0], self.order) if len(found) > limit else None
        return [payload for _, payload in found[:limit]], more

    def first_value(self) -> Any:
        """As the shop wrote it; None without any."""
        for at, _, payload in self._found(self.order.start):
            held = payload["metadata"][self.order.field]
            return next((v for a, v in list_positions(held, self.order.kind) if a == at), held)
        return None

    def _from(self, after: Place | None) -> Iterator[tuple[Place, Payload]]:
        if after is None:
            yield from self._by_value(self.order.start)
        elif after.at is not None:
            yield from self._at(after.at, after.point_id)
            yield from self._by_value(self.order.beyond(after.at))
        behind = after.point_id if after and after.at is None else None
        without = self.by_id(Not(self.order.any_value()), behind)
        yield from ((Place(None, i), payload) for i, payload in without if i != behind)

    def _by_value(self, start: float) -> Iterator[tuple[Place, Payload]]:
        while found := self._found(start):
            last = found[-1][0]  # there may be more at this value than were given
            before = {Place(at, i): payload for at, i, payload in found if at != last}
            for place in sorted(before, key=self._rank):
                if self._is_first(place.at, before[place]):
                    yield place, before[place]
            yield from self._at(last)
            start = self.order.beyond(last)

    def _found(self, start: float) -> list[tuple[float, str, Payload]]:
        kind = self.order.kind
        found = self.by_value(start) if is_position(start, kind) else []
        return [each for each in found if is_position(each[0], kind)]

    def _at(self, at: float, after: str | None = None) -> Iterator[tuple[Place, Payload]]:
        for point_id, payload in self.by_id(self.order.just(at), after):
            if point_id != after and self._is_first(at, payload):
                yield Place(at, point_id), payload

    def _is_first(self, at: float | None, payload: Payload) -> bool:
        first = self.order.position(payload["metadata"])
        return first is None or at is None or self.order.rank(first) >= self.order.rank(at)

    def _rank(self, place: Place) -> tuple[float, str]:
        return (0.0 if place.at is None else self.order.rank(place.at), place.point_id)


_VALUED, _WITHOUT = b"\x02", b"\x03"
"""First byte of a cursor; a listing by ids has another."""
_OF_ORDER = 4
"""Bytes that tell one order's cursors from another's."""


def encoded(place: Place, order: Order) -> str:
    point = uuid.UUID(place.point_id).bytes
    if place.at is None:
        raw = _WITHOUT + _mark(order) + point
    else:
        at = int(place.at) if order.kind == "date" else place.at
        raw = _VALUED + _mark(order) + struct.pack(_format(order), at) + point
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(cursor: str, order: Order) -> Place:
    """Raises Unprocessable for what ``encoded`` never gave for this order."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        rest = raw[1 + _OF_ORDER :]
        at = None if raw[:1] == _WITHOUT else struct.unpack(_format(order), rest[:-16])[0]
        place = Place(at, str(uuid.UUID(bytes=rest[-16:])))
        if (at is None or is_position(at, order.kind)) and encoded(place, order) == cursor:
            return place
    except (binascii.Error, ValueError, struct.error):
        pass
    raise foreign_cursor()


def ordered_point(record: Any) -> tuple[float, str, Payload]:
    """Of an engine's record."""
    return record.order_value, str(record.id), record.payload or {}


def _format(order: Order) -> str:
    return ">q" if order.kind == "date" else ">d"


def _mark(order: Order) -> bytes:
    text = f"{'-' if order.falling else ''}{order.field}:{order.kind}"
    return hashlib.blake2s(text.encode(), digest_size=_OF_ORDER).digest()
