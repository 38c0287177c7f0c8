"""Reads paths, queries and header names as ASP.NET does, the web framework of Azure's host."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_SLASH = re.compile(r"%2[Ff]")


def decode_escapes(text: str) -> str:
    """Decodes percent-escapes; those that are not UTF-8 stay as they are."""
    return _ESCAPES.sub(lambda match: _decode_run(match[0]), text)


def decode_path(raw_path: str) -> str:
    """Returns the path for routing: decoded except for ``%2F``, with dot segments resolved."""
    pieces = _SLASH.split(raw_path)
    slashes = _SLASH.findall(raw_path)
    decoded = decode_escapes(pieces[0])
    for slash, piece in zip(slashes, pieces[1:], strict=True):
        decoded += slash + decode_escapes(piece)
    return _resolve_dots(decoded)


def parse_query(query: str) -> dict[str, str]:
    """Drops empty values and joins repeated ones with commas.

    Names are compared without case; the last spelling is returned.
    """
    spellings: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for pair in query.split("&"):
        name, _, value = (decode_escapes(part.replace("+", " ")) for part in pair.partition("="))
        key = fold_case(name)
        spellings[key] = name
        if value:
            values.setdefault(key, []).append(value)
    return {spellings[key]: ",".join(parts) for key, parts in values.items()}


def join_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Returns lower-case names; values of repeated headers are joined with commas, empty ones
    dropped."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode()
        parts = (joined.get(name, ""), value)
        joined[name] = ",".join(part for part in parts if part)
    return joined


def fold_case(text: str) -> str:
    """Returns a text to compare without case: each character becomes its capital, but characters
    beyond ASCII never become ASCII, so that the long s is no s."""
    return "".join(map(_capitalise, text))


def _capitalise(character: str) -> str:
    capital = character.upper()
    if len(capital) != 1 or (capital.isascii() and not character.isascii()):
        return character
    return capital


def _decode_run(escapes: str) -> str:
    """Decodes consecutive escapes, character by character."""
    data = bytes.fromhex(escapes.replace("%", ""))
    text, position = "", 0
    while position < len(data):
        length = _utf8_length(data[position])
        try:
            text += data[position : position + length].decode()
        except UnicodeDecodeError:
            length = 1
            text += escapes[3 * position : 3 * position + 3]
        position += length
    return text


def _utf8_length(first: int) -> int:
    """Returns how many bytes a character has that begins with this one."""
    if first < 0xC0:
        return 1
    return 2 if first < 0xE0 else 3 if first < 0xF0 else 4


def _resolve_dots(path: str) -> str:
    segments: list[str] = []
    parts = path.split("/")
    for segment in parts:
        if segment == "..":
            del segments[max(1, len(segments) - 1) :]  # the first is the empty one before the root
        elif segment != ".":
            segments.append(segment)
    if parts[-1] in (".", ".."):
        segments.append("")
    return "/".join(segments)
