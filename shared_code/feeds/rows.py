"""Splits the bytes of a feed into rows, a part at a time: a feed may be larger than memory.

A CSV row may hold line breaks between quotes, so quotes are tracked; line breaks, quotes and
separators are the same bytes in every encoding that is read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_ROW_BYTES = 400_000
"""More than a product's text and metadata may take. A quote that is never closed would turn the
rest of the feed into one row."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A row of a feed. ``number`` counts from 1 and includes the header, as in a spreadsheet."""

    number: int
    data: bytes
    end: int
    """Where the next row begins, in bytes from the start of the part."""
    problem: str = ""


def split_rows(part: bytes, *, number: int, separator: bytes, is_last: bool) -> Iterator[FeedRow]:
    """Yields the rows that end within the part; ``number`` is the number of the first.

    ``separator`` is empty for a feed in which every line is a row. With ``is_last`` the end of the
    part ends its last row.
    """
    at = 0
    while at < len(part):
        end, problem = _find_row_end(part, at, separator, is_last=is_last), ""
        if end < 0 and not is_last and len(part) - at <= MAX_ROW_BYTES:
            return  # continues in the next part
        if end < 0 or end - at > MAX_ROW_BYTES:
            end, problem = _find_line_end(part, at), "a quote is not closed, or the row is too long"
        yield FeedRow(number, part[at:end].rstrip(b"\r\n"), end, problem)
        number, at = number + 1, end


def _find_row_end(part: bytes, start: int, separator: bytes, *, is_last: bool) -> int:
    """Returns the position after the row's line break; -1 when the part ends before that."""
    at, in_quotes = start, False
    while at < len(part):
        newline = part.find(b"\n", at)
        if newline < 0 and not is_last:
            return -1
        end = newline + 1 if newline >= 0 else len(part)
        in_quotes = _ends_within_quotes(part[at:end], separator, in_quotes=in_quotes)
        at = end
        if not in_quotes or at - start > MAX_ROW_BYTES:
            return at
    return -1


def _find_line_end(part: bytes, start: int) -> int:
    newline = part.find(b"\n", start)
    return newline + 1 if newline >= 0 else len(part)


def _ends_within_quotes(line: bytes, separator: bytes, *, in_quotes: bool = False) -> bool:
    """Returns whether a quoted field is open at the end of the line. A quote opens a field only at
    its beginning: an inch sign within a field means nothing."""
    if not separator or b'"' not in line:
        return in_quotes
    at = 0
    while True:
        if not in_quotes:
            if line[at : at + 1] != b'"':
                following = line.find(separator, at)
                if following < 0:
                    return False
                at = following + 1
                continue
            at += 1
        at = _find_closing_quote(line, at)
        if at < 0:
            return True
        in_quotes = False
        following = line.find(separator, at)
        if following < 0:
            return False
        at = following + 1


def _find_closing_quote(line: bytes, at: int) -> int:
    """Returns the position after the closing quote; -1 when there is none. A doubled quote is part
    of the text."""
    while True:
        at = line.find(b'"', at)
        if at < 0:
            return -1
        if line[at + 1 : at + 2] != b'"':
            return at + 1
        at += 2
