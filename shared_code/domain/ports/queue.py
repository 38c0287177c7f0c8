"""The queue of blob events."""

from __future__ import annotations

from typing import Protocol


class EventQueue(Protocol):
    """The queue on which events of the images container wait for the trigger that takes them."""

    def send(self, text: str, *, delay_s: float = 0.0) -> None:
        """Puts a message on the queue; nobody is given it before the delay is over."""

    def count(self) -> int:
        """How many messages are on the queue, including those that are hidden for now."""

    def close(self) -> None:
        """Lets go of its connections; the queue is not used afterwards."""
