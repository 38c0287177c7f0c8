"""Cuts the bytes of a feed into rows, a part at a time: a feed may be larger than memory.

A row of CSV may hold line breaks between quotes, so quotes are followed; line breaks, quotes and
separators are the same bytes in every encoding that is read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_ROW_BYTES = 400_000
"""More than a product's words and metadata may take. A quote that is never closed would make one
row of the rest of the feed."""


@dataclass(frozen=True, slots=True)
class Row:
    """``number`` counts from 1, the header included: what a spreadsheet shows."""

    number: int
    data: bytes
    end: int
    """Where the next row begins, in bytes from the start of the part."""
    problem: str = ""


def rows_of(part: bytes, *, number: int, separator: bytes, is_last: bool) -> Iterator[Row]:
    """The rows that end within the part; ``number`` is that of the first.

    ``separator`` is empty for a feed of which every line is a row. With ``is_last`` the end of
    the part is the end of its last row.
    """
    at = 0
    while at < len(part):
        end, problem = _end_of_row(part, at, separator, is_last=is_last), ""
        if end < 0 and not is_last and len(part) - at <= MAX_ROW_BYTES:
            return  # goes on in the next part
        if end < 0 or end - at > MAX_ROW_BYTES:
            end, problem = _end_of_line(part, at), "a quote is not closed, or the row is too long"
        yield Row(number, part[at:end].rstrip(b"\r\n"), end, problem)
        number, at = number + 1, end


def _end_of_row(part: bytes, start: int, separator: bytes, *, is_last: bool) -> int:
    """Behind its line break; -1 when the part ends before, or the row never does."""
    at, inside = start, False
    while at < len(part):
        newline = part.find(b"\n", at)
        if newline < 0 and not is_last:
            return -1
        end = newline + 1 if newline >= 0 else len(part)
        inside = _is_open(part[at:end], separator, inside=inside)
        at = end
        if not inside or at - start > MAX_ROW_BYTES:
            return at
    return -1


def _end_of_line(part: bytes, start: int) -> int:
    newline = part.find(b"\n", start)
    return newline + 1 if newline >= 0 else len(part)


def _is_open(line: bytes, separator: bytes, *, inside: bool = False) -> bool:
    """Whether a quoted field is open at the end of the line. A quote opens one only where a field
    begins: an inch sign within a field means nothing."""
    if not separator or b'"' not in line:
        return inside
    at = 0
    while True:
        if not inside:
            if line[at : at + 1] != b'"':
                following = line.find(separator, at)
                if following < 0:
                    return False
                at = following + 1
                continue
            at += 1
        at = _closing_quote(line, at)
        if at < 0:
            return True
        inside = False
        following = line.find(separator, at)
        if following < 0:
            return False
        at = following + 1


def _closing_quote(line: bytes, at: int) -> int:
    """Behind it; -1 when there is none. A doubled quote is one within the text."""
    while True:
        at = line.find(b'"', at)
        if at < 0:
            return -1
        if line[at + 1 : at + 2] != b'"':
            return at + 1
        at += 2
