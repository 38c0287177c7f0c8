"""Which blobs were put on the way to which function, kept across restarts. A blob without a receipt
is delivered again."""

from __future__ import annotations

from devhost.state import State

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS receipts (
        container TEXT NOT NULL,  -- its URL
        blob TEXT NOT NULL,
        function TEXT NOT NULL,
        etag TEXT NOT NULL,
        PRIMARY KEY (container, blob, function)
    ) WITHOUT ROWID
    """


class Receipts:
    def __init__(self, state: State) -> None:
        self._state = state
        state.run(_SCHEMA)

    def of(self, container: str) -> dict[str, dict[str, str]]:
        """Blob name to the etag that each function got last."""
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

    def forget(self, container: str, blob: str) -> None:
        self._state.run("DELETE FROM receipts WHERE container = ? AND blob = ?", container, blob)
