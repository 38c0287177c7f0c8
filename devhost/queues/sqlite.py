"""A queue in a SQLite table that behaves like one of a storage account: visibility, dequeue counts,
seven days to live."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from devhost.queues.messages import Message


class MessageTable(Protocol):
    """A table of messages, as shared_code/adapters/storage/folder/queue.py lays it out."""

    @property
    def exists(self) -> bool: ...

    def put(self, text: str) -> None: ...

    def count(self) -> int: ...

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]: ...

    def close(self) -> None: ...


class SqliteQueue:
    def __init__(self, table: MessageTable, name: str, *, longest_pause_s: float) -> None:
        self.name = name
        self.location = f"the local queue {name}"
        self.longest_pause_s = longest_pause_s
        self._table = table

    def put(self, text: str) -> None:
        self._table.put(text)

    def take(self, count: int, *, hidden_s: float) -> list[Message]:
        if not self._table.exists:
            return []
        now, receipt = time.time(), uuid.uuid4().hex
        due = self._table.run(
            "SELECT number FROM messages WHERE visible <= ? OR expires <= ? LIMIT 1", now, now
        )
        if not due:
            return []
        self._table.run("DELETE FROM messages WHERE expires <= ?", now)
        self._table.run(
            "UPDATE messages SET visible = ?, dequeue_count = dequeue_count + 1, receipt = ? "
            "WHERE number IN (SELECT number FROM messages WHERE visible <= ? "
            "ORDER BY number LIMIT ?)",
            now + hidden_s,
            receipt,
            now,
            count,
        )
        rows = self._table.run(
            "SELECT id, text, receipt, dequeue_count, inserted, expires, visible "
            "FROM messages WHERE receipt = ? ORDER BY number",
            receipt,
        )
        return [Message(*row[:4], *(_utc(moment) for moment in row[4:])) for row in rows]

    def show_after(self, message: Message, seconds: float) -> Message:
        receipt, visible = uuid.uuid4().hex, time.time() + seconds
        self._table.run(
            "UPDATE messages SET visible = ?, receipt = ? WHERE id = ? AND receipt = ?",
            visible,
            receipt,
            message.id,
            message.receipt,
        )
        return replace(message, receipt=receipt, visible=_utc(visible))

    def delete(self, message: Message) -> None:
        self._table.run(
            "DELETE FROM messages WHERE id = ? AND receipt = ?", message.id, message.receipt
        )

    def count(self) -> int:
        return self._table.count()

    def close(self) -> None:
        self._table.close()


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
