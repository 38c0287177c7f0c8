"""A storage queue and its messages as a trigger sees them, in an account or on this disk."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    text: str
    """In the encoding of the queue."""
    receipt: str
    """Proves that this dequeuing is the latest one."""
    dequeue_count: int
    inserted: datetime
    expires: datetime
    visible: datetime
    """When it becomes visible again unless it is deleted."""


class StorageQueue(Protocol):
    name: str
    location: str
    """Its URL or the like, for the log."""
    longest_pause_s: float
    """Between two polls of an empty queue, where host.json allows more."""

    def put(self, text: str) -> None:
        """Creates the queue where there is none."""

    def take(self, count: int, *, hidden_s: float) -> list[Message]:
        """Returns the next messages and hides them for this long; none where there is no queue."""

    def show_after(self, message: Message, seconds: float) -> Message:
        """Hides it for so long from now on; returns the message with its new receipt."""

    def delete(self, message: Message) -> None:
        """Does nothing for a message that is gone, or was dequeued again meanwhile."""

    def count(self) -> int:
        """Counts the messages on the queue, hidden ones included."""

    def close(self) -> None:
        """Closes the file or the connections."""


@dataclass(frozen=True, slots=True)
class MessageEncoding:
    """How the host writes and reads a message's text: ``messageEncoding`` of host.json."""

    base64: bool = True

    def encode(self, body: str) -> str:
        return base64.b64encode(body.encode()).decode() if self.base64 else body

    def decode(self, text: str) -> bytes | None:
        """Returns None for a text that is not in this encoding."""
        if not self.base64:
            return text.encode()
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None
