"""A page of a listing, as stores and indexes return it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a listing. ``cursor`` leads to the next page; it is opaque, and None on the last
    one."""

    items: tuple[T, ...]
    cursor: str | None = None
