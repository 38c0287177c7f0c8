"""Reads a multipart/form-data body (RFC 7578) without copying the files in it.

``HttpRequest.files`` writes each file to disk and reads it back, and answers a body that it cannot
read with no files and no error. A body is in memory already, so its files are views of it here:
an upload takes its own size once, not three times. Headers are parsed by werkzeug.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.http import parse_options_header

from shared_code.domain.errors import Malformed

MAX_PARTS = 1_000
_HEADERS_END = re.compile(rb"\r?\n\r?\n|\A\r?\n|\r?\n\Z")
"""The last: some clients send no line for content that is empty."""
_LINE_END = re.compile(rb"[ \t]*(?:\r?\n|\Z)")
_CHARSETS = {"ascii", "us-ascii", "utf-8", "iso-8859-1"}
"""As many as werkzeug takes; clients should send UTF-8."""

_CUT_SHORT = (
    "The multipart body cannot be read: it is cut short, or its boundary is not the one "
    "named in Content-Type. Let the client set Content-Type itself."
)


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    filename: str | None
    """None: a text field."""
    content: memoryview
    charset: str = "utf-8"

    @property
    def text(self) -> str:
        return str(self.content, self.charset, "replace")


def is_multipart(content_type: str) -> bool:
    return parse_options_header(content_type)[0].lower() == "multipart/form-data"


def parse_multipart(body: bytes, content_type: str) -> Iterator[Part]:
    """Yields the parts in order. Raises Malformed for a body that is not whole."""
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not is_multipart(content_type) or not boundary:
        raise Malformed(
            "Content-Type must read multipart/form-data; boundary=…  Let the client set it itself."
        )
    view = memoryview(body)
    for number, (start, end) in enumerate(_find_parts(body, b"--" + boundary.encode())):
        if number == MAX_PARTS:
            raise Malformed(f"The multipart body has more than {MAX_PARTS} parts.")
        yield _parse_part(view[start:end])


def _find_parts(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Yields where each part begins and ends. A delimiter stands on a line of its own."""
    start = None
    at = body.find(delimiter)
    while at >= 0:
        after = at + len(delimiter)
        is_last = body.startswith(b"--", after)
        line_end = _LINE_END.match(body, after)
        if (at == 0 or body[at - 1 : at] == b"\n") and (is_last or line_end):
            if start is not None:
                yield start, _strip_line_end(body, start, at)
            if is_last:
                return
            start = line_end.end() if line_end else after
        at = body.find(delimiter, after)
    raise Malformed(_CUT_SHORT)


def _strip_line_end(body: bytes, start: int, at: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    end = at - (2 if body[at - 2 : at] == b"\r\n" else 1)
    return max(start, end)


def _parse_part(part: memoryview) -> Part:
    head = bytes(part[:MAX_HEADERS])
    end = _HEADERS_END.search(head)
    if end is None:
        raise Malformed("A part of the multipart body has no headers, or too many.")
    headers = dict(_split_headers(head[: end.start()]))
    disposition, options = parse_options_header(headers.get("content-disposition", ""))
    if disposition.lower() != "form-data" or "name" not in options:
        raise Malformed("A part of the multipart body has no Content-Disposition with a name.")
    charset = parse_options_header(headers.get("content-type", ""))[1].get("charset", "").lower()
    return Part(
        options["name"],
        options.get("filename"),
        part[end.end() :],
        charset if charset in _CHARSETS else "utf-8",
    )


MAX_HEADERS = 16_384
"""Bytes of one part's headers: names of files are the longest of them."""


def _split_headers(head: bytes) -> Iterator[tuple[str, str]]:
    unfolded = re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "replace"))
    for line in re.split(r"\r?\n", unfolded):
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()
