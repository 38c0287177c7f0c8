"""Reads a catalogue feed, CSV or one JSON object a line, as items to be indexed.

A feed is read in parts, never as a whole. A row that cannot be used becomes an item with a
problem, which is counted and shown; the other rows are indexed.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared_code.domain.errors import Unprocessable
from shared_code.domain.filters import FilterableFields
from shared_code.feeds.columns import assign_roles
from shared_code.feeds.items import FeedItem, merge_items, parse_item
from shared_code.feeds.rows import FeedRow, split_rows

PART_BYTES = 1_000_000
"""Bytes that are read at once: a thousand rows or more, and more than one row may take."""

_SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """The format of a feed, and where its rows begin. ``separator`` and ``columns`` are empty for
    JSON lines."""

    separator: str = ""
    columns: tuple[str, ...] = ()
    offset: int = 0
    """Bytes before the first row."""
    row: int = 1
    """The number of the first row."""

    @property
    def decimal_comma(self) -> bool:
        """Spreadsheets of countries with a decimal comma separate columns by semicolons."""
        return self.separator == ";"


@dataclass(frozen=True, slots=True)
class FeedPart:
    """The items of a part of a feed, and where the next part begins."""

    items: Sequence[FeedItem]
    rows: int
    offset: int
    """In bytes from the start of the part."""
    merged: int = 0
    """Rows that were merged into the item of another row."""


def detect_format(head: bytes) -> FeedFormat:
    """Detects the format by the first bytes. Raises Unprocessable, with the reason, for what is not
    a feed."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:1000]:
        raise Unprocessable("The feed is not text in UTF-8; save it as CSV UTF-8.")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise Unprocessable("The feed is empty.")
    if text.startswith(b"{"):
        return FeedFormat()
    if text.startswith((b"[", b"<")):
        raise Unprocessable(
            "The feed is neither CSV nor one JSON object a line. (Send a JSON list as "
            '{"products": [...]}.)'
        )
    header = next(row for row in _split_head(head) if _decode(row.data).strip())
    line = _decode(header.data)
    separator = max(_SEPARATORS, key=line.count)
    columns = tuple(_split_cells(line, separator))
    assign_roles(columns)
    return FeedFormat(separator, columns, header.end, header.number + 1)


def _split_head(head: bytes) -> Iterable[FeedRow]:
    return split_rows(head, number=1, separator=b",", is_last=True)


def read_part(
    part: bytes,
    feed_format: FeedFormat,
    known: FilterableFields,
    *,
    row: int,
    is_last: bool,
    limit: int,
) -> FeedPart:
    """Reads up to ``limit`` rows of the part; ``row`` is the number of the first one.

    Rows of the same product are merged into one item: the last one's text, and the pictures of all.
    """
    separator = feed_format.separator.encode()
    rows = list(islice(split_rows(part, number=row, separator=separator, is_last=is_last), limit))
    parsed = (_parse_row(feed_row, feed_format, known) for feed_row in rows)
    read = [item for item in parsed if item is not None]
    items = merge_items(read)
    return FeedPart(items, len(rows), rows[-1].end if rows else 0, len(read) - len(items))


def _parse_row(row: FeedRow, feed_format: FeedFormat, known: FilterableFields) -> FeedItem | None:
    """Returns the item of a row; None for an empty row."""
    if not row.data.strip():
        return None
    if row.problem:
        return FeedItem(row.number, problem=row.problem)
    try:
        fields = list(_parse_fields(row, feed_format))
        return parse_item(fields, row.number, known, decimal_comma=feed_format.decimal_comma)
    except Unprocessable as exc:
        return FeedItem(row.number, problem=str(exc))


def _parse_fields(row: FeedRow, feed_format: FeedFormat) -> Iterable[tuple[str, Any]]:
    text = _decode(row.data)
    if not feed_format.columns:
        return _parse_object(text).items()
    cells = _split_cells(text, feed_format.separator)
    columns = feed_format.columns
    if len(cells) < len(columns) or any(cells[len(columns) :]):
        raise Unprocessable(f"has {len(cells)} fields; the header has {len(columns)}")
    return zip(columns, cells, strict=False)


def _parse_object(text: str) -> Mapping[str, Any]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise Unprocessable(f"not valid JSON: {exc}") from exc
    if not isinstance(fields, dict):
        raise Unprocessable("must be a JSON object")
    return fields


def _split_cells(line: str, separator: str) -> list[str]:
    try:
        [cells] = csv.reader([line], delimiter=separator)
    except (csv.Error, ValueError) as exc:
        raise Unprocessable(f"cannot be read as CSV: {exc}") from exc
    return [cell.strip() for cell in cells]


def _decode(data: bytes) -> str:
    """Decodes UTF-8, or cp1252, in which Windows spreadsheets save CSV."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
