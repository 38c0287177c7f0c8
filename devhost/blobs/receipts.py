"""Remembers across restarts which version of a blob was sent to which function. A blob without a
receipt is delivered again."""

from __future__ import annotations

from devhost.state import HostState

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS receipts (
        container TEXT NOT NULL,  -- its URL
        blob TEXT NOT NULL,
        function TEXT NOT NULL,
        etag TEXT NOT NULL,
        PRIMARY KEY (container, blob, function)
    ) WITHOUT ROWID
    """


class BlobReceipts:
    def __init__(self, state: HostState) -> None:
        self._state = state
        state.run(_SCHEMA)

    def read_etags(self, container: str) -> dict[str, dict[str, str]]:
        """Returns, by blob name and function, the etag that was sent last."""
        etags: dict[str, dict[str, str]] = {}
        rows = self._state.run(
            "SELECT blob, function, etag FROM receipts WHERE container = ?", container
        )
        for blob, function, etag in rows:
            etags.setdefault(blob, {})[function] = etag
        return etags

    def put(self, container: str, blob: str, function: str, etag: str) -> None:
        self._state.run(
            "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?)", container, blob, function, etag
        )

    def delete(self, container: str, blob: str) -> None:
        self._state.run("DELETE FROM receipts WHERE container = ? AND blob = ?", container, blob)
