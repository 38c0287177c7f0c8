"""The table that holds what users saved, a row for each thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from shared_code.domain.errors import Unprocessable

MAX_ROW_BYTES = 600 * 1024
"""An entity of an Azure table holds 1 MiB; as many of the longest ids as may be marked, 400 KB."""

Row: TypeAlias = Mapping[str, Any]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row and the state that it was read in."""

    row: Row
    etag: str


class UserRows(Protocol):
    """Rows by owner and key; both are letters, digits and dashes. May raise Unavailable."""

    def get(self, owner: str, key: str) -> StoredRow | None: ...

    def put(self, owner: str, key: str, row: Row, *, etag: str | None = None) -> bool:
        """Writes the whole row. With ``etag`` only if the row still has it; with an empty one
        only if there is no row. Returns whether it was written."""

    def delete(self, owner: str, key: str) -> bool:
        """Returns whether there was something to delete."""

    def keys(self, owner: str) -> list[str]:
        """Returns the keys of all rows of the owner, in order."""

    def all(self, owner: str) -> dict[str, Row]:
        """Returns all rows of the owner by key, in the order of keys."""


def encode_row(row: Row) -> bytes:
    """Returns the row as JSON in UTF-8. Raises Unprocessable for more than a row may hold."""
    document = json.dumps(row, ensure_ascii=False).encode()
    if len(document) > MAX_ROW_BYTES:
        too_much = f"It takes {len(document)} bytes as JSON; at most {MAX_ROW_BYTES} are kept."
        raise Unprocessable(too_much)
    return document
