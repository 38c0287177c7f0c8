"""The table that keeps what users saved, a row for each thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from shared_code.domain.errors import Unprocessable

MAX_ROW_BYTES = 600 * 1024
"""An entity of an Azure table holds 1 MiB; as many ids as may be marked, of the longest, 400 KB."""

Row: TypeAlias = Mapping[str, Any]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A row and the state that it was read in."""

    row: Row
    etag: str


class UserRows(Protocol):
    """Rows by owner and key; both are letters, digits and dashes. May raise Unavailable."""

    def get(self, owner: str, key: str) -> Kept | None: ...

    def put(self, owner: str, key: str, row: Row, *, etag: str | None = None) -> bool:
        """Writes the row whole. ``etag``: only if it still is in that state; empty: only if
        there is none. False when it is not."""

    def delete(self, owner: str, key: str) -> bool:
        """True when there was something to delete."""

    def keys(self, owner: str) -> list[str]:
        """Of every row of the owner, in order."""

    def all(self, owner: str) -> dict[str, Row]:
        """Every row of the owner, by key, in the order of keys."""


def encoded(row: Row) -> bytes:
    """JSON in UTF-8. Raises Unprocessable for more than a row may hold."""
    document = json.dumps(row, ensure_ascii=False).encode()
    if len(document) > MAX_ROW_BYTES:
        too_much = f"It takes {len(document)} bytes as JSON; at most {MAX_ROW_BYTES} are kept."
        raise Unprocessable(too_much)
    return document
