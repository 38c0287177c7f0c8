"""The queue of blob events."""

from __future__ import annotations

from typing import Protocol


class EventQueue(Protocol):
    """The queue on which events of the images container wait for the trigger that handles them."""

    def send(self, text: str, *, delay_s: float = 0.0) -> None:
        """Puts a message on the queue; it becomes visible when the delay is over."""

    def count(self) -> int:
        """Returns how many messages are on the queue, including those that are hidden for now."""

    def close(self) -> None:
        """Closes its connections; the queue is not used afterwards."""
