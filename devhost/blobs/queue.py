"""The host's own queue, through which every message for a blob trigger goes. It is never in the
account, where Azure's is, since the receipts are here too."""

from __future__ import annotations

import time
import uuid

from devhost.blobs.messages import BlobMessage
from devhost.queues import MessageEncoding, SqliteQueue
from devhost.state import HostState

NAME = "azure-webjobs-blobtrigger"

LONGEST_PAUSE_S = 0.05
"""Azure's host tries a blob again after 15 to 84 ms."""

TIME_TO_LIVE_S = 7 * 24 * 3600.0

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


class BlobQueue(SqliteQueue):
    def __init__(self, state: HostState, encoding: MessageEncoding) -> None:
        super().__init__(_StateTable(state), NAME, longest_pause_s=LONGEST_PAUSE_S)
        self._encoding = encoding

    def send(self, message: BlobMessage) -> None:
        self.put(self._encoding.encode(message.to_text()))


class _StateTable:
    """The table of messages in the host's own file. It needs nothing of shared_code, a name that an
    app may use for a package of its own."""

    exists = True

    def __init__(self, state: HostState) -> None:
        self._state = state
        self.run = state.run
        state.run(_SCHEMA)

    def put(self, text: str) -> None:
        now = time.time()
        self._state.run(
            "INSERT INTO messages (id, text, receipt, dequeue_count, inserted, expires, visible) "
            "VALUES (?, ?, '', 0, ?, ?, ?)",
            str(uuid.uuid4()),
            text,
            now,
            now + TIME_TO_LIVE_S,
            now,
        )

    def count(self) -> int:
        [(count,)] = self._state.run("SELECT count(*) FROM messages WHERE expires > ?", time.time())
        return int(count)

    def close(self) -> None:
        """Does nothing: the host closes its state itself."""
