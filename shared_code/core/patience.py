"""Whether the work in hand may wait its turn, or is better refused than kept waiting.

Somebody waits for an HTTP answer; an event is delivered again if it is refused, which costs
more than waiting. A context variable says which, so that no use case has to pass it around.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_somebody_waits: ContextVar[bool] = ContextVar("somebody_waits", default=False)


@contextmanager
def somebody_waits() -> Iterator[None]:
    """For the block: rather refuse than keep waiting."""
    token = _somebody_waits.set(True)
    try:
        yield
    finally:
        _somebody_waits.reset(token)


def may_wait() -> bool:
    return not _somebody_waits.get()
