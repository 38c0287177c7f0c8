"""Queues on this disk, with the semantics of a storage account's: visibility, dequeue counts,
seven days to live."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime

from devhost.queues.messages import Message
from devhost.state import State

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    receipt TEXT NOT NULL,
    dequeue_count INTEGER NOT NULL,
    inserted REAL NOT NULL,  -- seconds since the epoch
    expires REAL NOT NULL,
    visible REAL NOT NULL
)
"""
_TIME_TO_LIVE_S = 7 * 24 * 3600.0


class LocalQueue:
    def __init__(self, state: State, name: str) -> None:
        self.name = name
        self.where = f"the local queue {name}"
        self._state = state
        state.run(_SCHEMA)

    def put(self, text: str) -> None:
        now = time.time()
        self._state.run(
            "INSERT INTO messages (queue, id, text, receipt, dequeue_count, inserted, expires, "
            "visible) VALUES (?, ?, ?, '', 0, ?, ?, ?)",
            self.name,
            str(uuid.uuid4()),
            text,
            now,
            now + _TIME_TO_LIVE_S,
            now,
        )

    def take(self, count: int, *, hidden_s: float) -> list[Message]:
        now, receipt = time.time(), uuid.uuid4().hex
        self._state.run("DELETE FROM messages WHERE queue = ? AND expires <= ?", self.name, now)
        self._state.run(
            "UPDATE messages SET visible = ?, dequeue_count = dequeue_count + 1, receipt = ? "
            "WHERE number IN (SELECT number FROM messages WHERE queue = ? AND visible <= ? "
            "ORDER BY number LIMIT ?)",
            now + hidden_s,
            receipt,
            self.name,
            now,
            count,
        )
        rows = self._state.run(
            "SELECT id, text, receipt, dequeue_count, inserted, expires, visible "
            "FROM messages WHERE receipt = ? ORDER BY number",
            receipt,
        )
        return [Message(*row[:4], *(_utc(moment) for moment in row[4:])) for row in rows]

    def show_after(self, message: Message, seconds: float) -> Message:
        receipt, visible = uuid.uuid4().hex, time.time() + seconds
        self._state.run(
            "UPDATE messages SET visible = ?, receipt = ? WHERE id = ? AND receipt = ?",
            visible,
            receipt,
            message.id,
            message.receipt,
        )
        return replace(message, receipt=receipt, visible=_utc(visible))

    def delete(self, message: Message) -> None:
        self._state.run(
            "DELETE FROM messages WHERE id = ? AND receipt = ?", message.id, message.receipt
        )


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
