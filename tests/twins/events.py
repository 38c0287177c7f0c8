"""A queue of events in a list."""

from datetime import timedelta

from shared_code.domain.dates import utc_now


class MemoryEventQueue:
    """``sent`` holds text and delay of every message; ``now`` decides which of them are visible."""

    def __init__(self, now=utc_now) -> None:
        self.now = now
        self.sent: list[tuple[str, float]] = []
        self._due = []

    def send(self, text: str, *, delay_s: float = 0.0) -> None:
        self.sent.append((text, delay_s))
        self._due.append((self.now() + timedelta(seconds=delay_s), text))

    def count(self) -> int:
        return len(self._due)

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> list[str]:
        """Removes and returns the messages that are visible by now."""
        visible = [text for due, text in self._due if due <= self.now()]
        self._due = [(due, text) for due, text in self._due if due > self.now()]
        return visible
