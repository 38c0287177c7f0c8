"""Dates as metadata holds them (RFC 3339, a date alone or with a time), and the time now."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

# what both Python and Qdrant read, and read alike
_WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)


def utc_now() -> datetime:
    return datetime.now(UTC)


def instant_of(value: Any) -> datetime | None:
    """``2026-11-23`` (midnight UTC) or ``2026-11-23T10:00:00Z``; without a zone it is UTC.

    None for anything else.
    """
    if not isinstance(value, str) or not _WRITTEN.fullmatch(value):
        return None
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_whole_day(value: str) -> bool:
    """True for a date without a time, which stands for all of that day."""
    return len(value) == len("2026-11-23")
