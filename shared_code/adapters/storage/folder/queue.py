"""The EventQueue port on this disk, in place of a storage queue where there is no account.

A queue is an SQLite file with the semantics of a storage queue (delays, visibility, dequeue
counts). The app only puts messages there; whatever plays the queue trigger takes them off, in the
same process or another, and relies on the table that is defined here.
"""

from __future__ import annotations

import base64
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared_code.domain.errors import Unavailable

TIME_TO_LIVE_S = 7 * 24 * 3600.0
"""The default of a storage account."""

NEVER_EXPIRES_S = 100 * 365 * 24 * 3600.0
"""A storage account writes the year 9999; Event Grid's messages do not expire either."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    receipt TEXT NOT NULL,
    dequeue_count INTEGER NOT NULL,
    inserted REAL NOT NULL,  -- seconds since the epoch
    expires REAL NOT NULL,
    visible REAL NOT NULL
)
"""

_LOCK_TIMEOUT_S = 10.0
"""How long a statement waits for another process to finish its own, which takes a millisecond."""


class QueueFile:
    """The messages of one queue, in one file. Opened on first use; shared by all threads."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.sqlite"
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @property
    def exists(self) -> bool:
        """False until a first message is put there: reading a queue creates no file."""
        return self._connection is not None or self.path.exists()

    def put(
        self, text: str, *, delay_s: float = 0.0, time_to_live_s: float = TIME_TO_LIVE_S
    ) -> None:
        now = time.time()
        self.run(
            "INSERT INTO messages (id, text, receipt, dequeue_count, inserted, expires, visible) "
            "VALUES (?, ?, '', 0, ?, ?, ?)",
            str(uuid.uuid4()),
            text,
            now,
            now + time_to_live_s,
            now + delay_s,
        )

    def count(self) -> int:
        """Returns the number of messages that have not expired, hidden ones included."""
        if not self.exists:
            return 0
        [(count,)] = self.run("SELECT count(*) FROM messages WHERE expires > ?", time.time())
        return int(count)

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Runs one statement, a transaction of its own, and returns its rows if it has any."""
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            return self._connection.execute(statement, values).fetchall()

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection


class FolderEventQueue:
    def __init__(self, folder: Path, name: str) -> None:
        self._file = QueueFile(folder, name)

    def send(self, text: str, *, delay_s: float = 0.0) -> None:
        """Stores the text in base64, which is what host.json says of messages (messageEncoding)."""
        with _translate_errors():
            self._file.put(
                base64.b64encode(text.encode()).decode(),
                delay_s=delay_s,
                time_to_live_s=NEVER_EXPIRES_S,
            )

    def count(self) -> int:
        with _translate_errors():
            return self._file.count()

    def close(self) -> None:
        self._file.close()


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as exc:
        raise Unavailable(f"The queues folder cannot be used ({exc}).") from exc
