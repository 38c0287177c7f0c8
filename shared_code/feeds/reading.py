"""A catalogue feed, CSV or one JSON object a line, as items to be indexed.

A feed is read in parts and never as a whole. A row that cannot be used is an item with a problem:
it is counted and shown, and the rest goes on.
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
from shared_code.feeds.columns import roles_of
from shared_code.feeds.items import FeedItem, item_of, merged
from shared_code.feeds.rows import Row, rows_of

PART_BYTES = 1_000_000
"""Read at once: a thousand rows or more, and more than one row may take."""

_SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Format:
    """How a feed is written, and where its rows begin. ``separator`` and ``columns`` are empty for
    JSON lines."""

    separator: str = ""
    columns: tuple[str, ...] = ()
    offset: int = 0
    """Bytes before the first row."""
    row: int = 1
    """The number of the first row."""

    @property
    def decimal_comma(self) -> bool:
        """A semicolon separates where the comma is taken: in spreadsheets of such countries."""
        return self.separator == ";"


@dataclass(frozen=True, slots=True)
class Read:
    """What a part of a feed gave, and where the next one begins."""

    items: Sequence[FeedItem]
    rows: int
    offset: int
    """In bytes from the start of the part."""
    merged: int = 0
    """Rows that became part of another one's item."""


def format_of(head: bytes) -> Format:
    """Tells it by the first bytes. Raises Unprocessable for what is no feed, saying why."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:1000]:
        raise Unprocessable("The feed is not text in UTF-8; save it as CSV UTF-8.")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise Unprocessable("The feed is empty.")
    if text.startswith(b"{"):
        return Format()
    if text.startswith((b"[", b"<")):
        raise Unprocessable(
            "The feed is neither CSV nor one JSON object a line. (A JSON list is sent as "
            '{"products": [...]}.)'
        )
    header = next(row for row in _rows_of_text(head) if _decoded(row.data).strip())
    line = _decoded(header.data)
    separator = max(_SEPARATORS, key=line.count)
    columns = tuple(_cells(line, separator))
    roles_of(columns)
    return Format(separator, columns, header.end, header.number + 1)


def _rows_of_text(head: bytes) -> Iterable[Row]:
    return rows_of(head, number=1, separator=b",", is_last=True)


def read_part(
    part: bytes, written: Format, known: FilterableFields, *, row: int, is_last: bool, limit: int
) -> Read:
    """Up to ``limit`` rows of the part; ``row`` is the number of its first one.

    Rows of one product that come together in it are one item: the last one's words, and the
    pictures of all.
    """
    separator = written.separator.encode()
    found = rows_of(part, number=row, separator=separator, is_last=is_last)
    rows = list(islice(found, limit))
    told = [item for each in rows if (item := _item(each, written, known)) is not None]
    items = merged(told)
    return Read(items, len(rows), rows[-1].end if rows else 0, len(told) - len(items))


def _item(row: Row, written: Format, known: FilterableFields) -> FeedItem | None:
    """None for an empty row."""
    if not row.data.strip():
        return None
    if row.problem:
        return FeedItem(row.number, problem=row.problem)
    try:
        fields = list(_fields(row, written))
        return item_of(fields, row.number, known, decimal_comma=written.decimal_comma)
    except Unprocessable as exc:
        return FeedItem(row.number, problem=str(exc))


def _fields(row: Row, written: Format) -> Iterable[tuple[str, Any]]:
    text = _decoded(row.data)
    if not written.columns:
        return _object(text).items()
    cells = _cells(text, written.separator)
    columns = written.columns
    if len(cells) < len(columns) or any(cells[len(columns) :]):
        raise Unprocessable(f"has {len(cells)} fields; the header has {len(columns)}")
    return zip(columns, cells, strict=False)


def _object(text: str) -> Mapping[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise Unprocessable(f"not valid JSON: {exc}") from exc
    if not isinstance(said, dict):
        raise Unprocessable("must be a JSON object")
    return said


def _cells(line: str, separator: str) -> list[str]:
    try:
        [cells] = csv.reader([line], delimiter=separator)
    except (csv.Error, ValueError) as exc:
        raise Unprocessable(f"cannot be read as CSV: {exc}") from exc
    return [cell.strip() for cell in cells]


def _decoded(data: bytes) -> str:
    """Windows spreadsheets save CSV in cp1252, where every UTF-8 reader stumbles."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
