"""A storage queue as the trigger sees it, in an account or on this disk."""

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
    """As it lies on the queue."""
    receipt: str
    """Of this dequeuing; a later one makes it void."""
    dequeue_count: int
    inserted: datetime
    expires: datetime
    visible: datetime
    """When it shows again unless it is deleted."""


class Queue(Protocol):
    name: str
    where: str
    """For people."""
    longest_pause_s: float
    """Between two looks at an empty queue, where host.json allows more."""

    def put(self, text: str) -> None:
        """Makes the queue first where there is none."""

    def take(self, count: int, *, hidden_s: float) -> list[Message]:
        """The next messages, which nobody else sees for this long; none without a queue."""

    def show_after(self, message: Message, seconds: float) -> Message:
        """Hides it from now on for so long; the message with its new receipt."""

    def delete(self, message: Message) -> None:
        """A message that is gone, or was dequeued again meanwhile, is left alone."""

    def count(self) -> int:
        """How many messages are on the queue, hidden ones included."""

    def close(self) -> None:
        """Lets go of the file or the connections."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """``messageEncoding`` of host.json: how the host writes and reads a message's text."""

    base64: bool = True

    def encode(self, body: str) -> str:
        return base64.b64encode(body.encode()).decode() if self.base64 else body

    def decode(self, text: str) -> bytes | None:
        """None for what is not in this encoding."""
        if not self.base64:
            return text.encode()
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None
