"""Order by a metadata field, for results and listings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from shared_code.core.dates import instant_of
from shared_code.core.errors import FieldError, Unprocessable

if TYPE_CHECKING:
    from shared_code.core.filters import FilterableFields
    from shared_code.core.products import Metadata

SortKey: TypeAlias = Callable[["Metadata"], tuple[bool, float]]

SORTABLE = ("number", "date")


def sort_key(given: str, fields: FilterableFields) -> SortKey:
    """``price`` rising, ``-price`` falling; products without the field come last either way.

    Raises Unprocessable for a field that has no order, and lists those that have.
    """
    field, falling = given.removeprefix("-"), given.startswith("-")
    if fields.get(field) not in SORTABLE:
        known = ", ".join(sorted(f for f, kind in fields.items() if kind in SORTABLE)) or "none"
        message = f"{field!r} cannot be sorted by; fields that can, with - for falling: {known}"
        raise Unprocessable(f"sort: {message}", errors=[FieldError("sort", message)])
    sign = -1.0 if falling else 1.0
    is_date = fields[field] == "date"

    def key(metadata: Metadata) -> tuple[bool, float]:
        number = _number(metadata.get(field), is_date=is_date)
        return (True, 0.0) if number is None else (False, sign * number)

    return key


def _number(value: Any, *, is_date: bool) -> float | None:
    """None for what is no number (or date), whatever a shop has written there."""
    if is_date:
        found = instant_of(value)
        return None if found is None else found.timestamp()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None
