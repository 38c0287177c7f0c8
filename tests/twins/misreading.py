"""The Qdrant adapters on an engine that misreads some numbers, as a real server does.

The server parses JSON with Rust's serde_json, which reads the digits as an integer, rounds that to
a double, and multiplies or divides it by a power of ten. Up to 15 digits that is exact. Of numbers
with 16 or 17 digits it reads about every sixth a unit or two off: -0.9999999999999999 becomes -1.
What the engine keeps in its index, and returns as ``order_value``, is exact; payloads are kept as
JSON, and are misread when they are read back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any, TypeAlias

from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex

MOST_SCROLLS = 3000
"""More than any test needs: a listing that does not end fails here."""

Reader: TypeAlias = Callable[[float], float]
"""The number that an engine reads where this one was sent."""


def read_like_serde(number: float) -> float:
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    rounded = float(int("".join(map(str, digits))))
    if exponent >= 0:
        magnitude = rounded * float(f"1e{exponent}")
    elif exponent >= -308:
        magnitude = rounded / float(f"1e{-exponent}")
    else:
        magnitude = rounded / 1e308 / float(f"1e{-exponent - 308}")
    return -magnitude if sign else magnitude


def read_up(number: float) -> float:
    return _step_if_long(number, math.inf)


def read_down(number: float) -> float:
    return _step_if_long(number, -math.inf)


def read_sixteen_digits(number: float) -> float:
    rounded = float(f"{number:.15e}")
    return rounded if math.isfinite(rounded) else number


def _step_if_long(number: float, towards: float) -> float:
    """Returns the neighbour of a number that has more than 15 digits; others are read exactly."""
    if float(f"{number:.14e}") == number:
        return number
    neighbour = math.nextafter(number, towards)
    return neighbour if math.isfinite(neighbour) else number


class Misreading:
    """Mixed into an adapter: misreads the bounds of ranges, the start of an order, and payloads.

    Counts the requests that scroll.
    """

    read_number: Reader = staticmethod(read_like_serde)
    scrolls = 0
    _dialect: Any

    def misread_with(self, reader: Reader) -> None:
        exact_range = self._dialect.range

        def make_range(**bounds: float | None) -> Any:
            return exact_range(**{k: v if v is None else reader(v) for k, v in bounds.items()})

        self.read_number = reader
        self._dialect = self._dialect._replace(range=make_range)

    def _scroll(self, *args: Any) -> Any:
        self._count_scroll()
        points, following = super()._scroll(*args)  # type: ignore[misc]
        return [(point_id, self._misread(payload)) for point_id, payload in points], following

    def _scroll_by(self, order: Any, where: Any, limit: int, start: float | None) -> Any:
        self._count_scroll()
        if start is not None and order.kind == "number":
            start = self.read_number(start)
        entries = super()._scroll_by(order, where, limit, start)  # type: ignore[misc]
        return [(at, point_id, self._misread(payload)) for at, point_id, payload in entries]

    def _count_scroll(self) -> None:
        self.scrolls += 1
        assert self.scrolls <= MOST_SCROLLS, "the listing does not end"

    def _misread(self, payload: Any) -> Any:
        payload = deepcopy(payload)
        for field, value in payload.get("metadata", {}).items():
            values = value if isinstance(value, list) else [value]
            misread = [self.read_number(v) if isinstance(v, float) else v for v in values]
            payload["metadata"][field] = misread if isinstance(value, list) else misread[0]
        return payload


class MisreadingEdgeIndex(Misreading, QdrantEdgeIndex):
    """Edge misreads payloads by itself, and its binding takes numbers as they are."""


class MisreadingCloudIndex(Misreading, QdrantCloudIndex):
    """For the client's local mode, which reads everything exactly."""
