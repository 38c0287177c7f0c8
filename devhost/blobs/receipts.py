"""Which blobs were delivered to which function, kept across restarts.

SQLite with a write-ahead log: a killed host loses at most its last receipts, and a blob
without a receipt is delivered again. The file is locked, so two hosts cannot share a folder.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from devhost.project import Refused

_SCHEMA = """
CREATE TABLE IF NOT EXISTS receipts (
    container TEXT NOT NULL,  -- its URL
    blob TEXT NOT NULL,
    function TEXT NOT NULL,
    etag TEXT NOT NULL,       -- empty: begun or given up, not delivered
    PRIMARY KEY (container, blob, function)
) WITHOUT ROWID
"""


class Receipts:
    def __init__(self, folder: Path | None) -> None:
        """``folder`` None: nothing is kept."""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if folder is None else folder / "receipts.sqlite"
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=0.1, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(_SCHEMA)
        except sqlite3.DatabaseError as exc:
            self._db.close()
            raise Refused(
                f"{path} cannot be used ({exc}): does another devhost run on the same LOCAL_DIR? "
                "Otherwise delete it; then every blob is delivered again."
            ) from exc

    def of(self, container: str) -> dict[str, dict[str, str]]:
        """Blob name to the etag that each function got last."""
        found: dict[str, dict[str, str]] = {}
        with self._lock:
            rows = self._db.execute(
                "SELECT blob, function, etag FROM receipts WHERE container = ?", (container,)
            ).fetchall()
        for blob, function, etag in rows:
            found.setdefault(blob, {})[function] = etag
        return found

    def begin(self, container: str, blob: str, function: str) -> None:
        """Remembers a blob before its first delivery."""
        with self._lock:
            self._db.execute(
                "INSERT OR IGNORE INTO receipts VALUES (?, ?, ?, '')", (container, blob, function)
            )

    def put(self, container: str, blob: str, function: str, etag: str) -> None:
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?)",
                (container, blob, function, etag),
            )

    def forget(self, container: str, blob: str) -> None:
        with self._lock:
            self._db.execute(
                "DELETE FROM receipts WHERE container = ? AND blob = ?", (container, blob)
            )

    def close(self) -> None:
        with self._lock:
            self._db.close()
