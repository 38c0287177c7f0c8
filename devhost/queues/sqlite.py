"""A queue in a table of SQLite, with the semantics of a storage account's: visibility, dequeue
counts, seven days to live."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from devhost.queues.messages import Message


class Messages(Protocol):
    """The table, as shared_code/adapters/storage/folder/queue.py lays it out."""

    @property
    def exists(self) -> bool: ...

    def put(self, text: str) -> None: ...

    def count(self) -> int: ...

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]: ...

    def close(self) -> None: ...


class TableQueue:
    def __init__(self, messages: Messages, name: str, *, longest_pause_s: float) -> None:
        self.name = name
        self.where = f"the local queue {name}"
        self.longest_pause_s = longest_pause_s
        self._messages = messages

    def put(self, text: str) -> None:
        self._messages.put(text)

    def take(self, count: int, *, hidden_s: float) -> list[Message]:
        if not self._messages.exists:
            return []
        now, receipt = time.time(), uuid.uuid4().hex
        due = self._messages.run(
            "SELECT number FROM messages WHERE visible <= ? OR expires <= ? LIMIT 1", now, now
        )
        if not due:
            return []
        self._messages.run("DELETE FROM messages WHERE expires <= ?", now)
        self._messages.run(
            "UPDATE messages SET visible = ?, dequeue_count = dequeue_count + 1, receipt = ? "
            "WHERE number IN (SELECT number FROM messages WHERE visible <= ? "
            "ORDER BY number LIMIT ?)",
            now + hidden_s,
            receipt,
            now,
            count,
        )
        rows = self._messages.run(
            "SELECT id, text, receipt, dequeue_count, inserted, expires, visible "
            "FROM messages WHERE receipt = ? ORDER BY number",
            receipt,
        )
        return [Message(*row[:4], *(_utc(moment) for moment in row[4:])) for row in rows]

    def show_after(self, message: Message, seconds: float) -> Message:
        receipt, visible = uuid.uuid4().hex, time.time() + seconds
        self._messages.run(
            "UPDATE messages SET visible = ?, receipt = ? WHERE id = ? AND receipt = ?",
            visible,
            receipt,
            message.id,
            message.receipt,
        )
        return replace(message, receipt=receipt, visible=_utc(visible))

    def delete(self, message: Message) -> None:
        self._messages.run(
            "DELETE FROM messages WHERE id = ? AND receipt = ?", message.id, message.receipt
        )

    def count(self) -> int:
        return self._messages.count()

    def close(self) -> None:
        self._messages.close()


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
