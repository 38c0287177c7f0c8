"""Queues on this disk, with the semantics of a storage account's: visibility, dequeue counts,
seven days to live. The app puts messages there, too (shared_code/adapters/queue_folder.py)."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from devhost.queues.messages import Message
from shared_code.adapters.queue_folder import QueueFile


class LocalQueue:
    longest_pause_s = 0.2  # a look costs next to nothing here, and a person is watching

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.where = f"the local queue {name}"
        self._file = QueueFile(folder, name)

    def put(self, text: str) -> None:
        self._file.put(text)

    def take(self, count: int, *, hidden_s: float) -> list[Message]:
        if not self._file.exists:
            return []
        now, receipt = time.time(), uuid.uuid4().hex
        due = self._file.run(
            "SELECT number FROM messages WHERE visible <= ? OR expires <= ? LIMIT 1", now, now
        )
        if not due:
            return []
        self._file.run("DELETE FROM messages WHERE expires <= ?", now)
        self._file.run(
            "UPDATE messages SET visible = ?, dequeue_count = dequeue_count + 1, receipt = ? "
            "WHERE number IN (SELECT number FROM messages WHERE visible <= ? "
            "ORDER BY number LIMIT ?)",
            now + hidden_s,
            receipt,
            now,
            count,
        )
        rows = self._file.run(
            "SELECT id, text, receipt, dequeue_count, inserted, expires, visible "
            "FROM messages WHERE receipt = ? ORDER BY number",
            receipt,
        )
        return [Message(*row[:4], *(_utc(moment) for moment in row[4:])) for row in rows]

    def show_after(self, message: Message, seconds: float) -> Message:
        receipt, visible = uuid.uuid4().hex, time.time() + seconds
        self._file.run(
            "UPDATE messages SET visible = ?, receipt = ? WHERE id = ? AND receipt = ?",
            visible,
            receipt,
            message.id,
            message.receipt,
        )
        return replace(message, receipt=receipt, visible=_utc(visible))

    def delete(self, message: Message) -> None:
        self._file.run(
            "DELETE FROM messages WHERE id = ? AND receipt = ?", message.id, message.receipt
        )

    def count(self) -> int:
        return self._file.count()

    def close(self) -> None:
        self._file.close()


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
