"""Dates as metadata holds them (RFC 3339, a date alone or with a time), and the time now."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

# what Python and Qdrant both read, and read alike
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)


def utc_now() -> datetime:
    return datetime.now(UTC)


def parse_instant(value: Any) -> datetime | None:
    """Reads ``2026-11-23`` (midnight UTC) or ``2026-11-23T10:00:00Z``; without a zone it is UTC.

    None for anything else.
    """
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        return None
    try:
        instant = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def is_whole_day(value: str) -> bool:
    """True for a date without a time, which stands for all of that day."""
    return len(value) == len("2026-11-23")
