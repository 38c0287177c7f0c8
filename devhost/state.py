"""Everything that must survive a killed host: one SQLite file in ``$LOCAL_DIR/devhost``.

It has a write-ahead log, so a kill loses nothing that was committed, and it is locked, so two hosts
cannot share a folder.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devhost.project import StartupError


class HostState:
    """Shared by all threads. A statement outside ``transaction`` is a transaction of its own."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder nothing outlives the process."""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if folder is None else folder / "state.sqlite"
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, timeout=0.1, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS locked (one INTEGER)")
        except sqlite3.DatabaseError as exc:
            self._db.close()
            raise StartupError(
                f"{path} cannot be used ({exc}): is another devhost running on the same LOCAL_DIR? "
                "Otherwise delete the file; then every blob is delivered again."
            ) from exc

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Returns the rows of the result."""
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits everything in the block together or, if it raises, nothing. May be nested."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._db.close()
