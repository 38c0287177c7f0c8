"""Whether the work in hand may wait its turn, or is better refused than kept waiting.

Somebody waits for an HTTP answer. An event's look at a blob can be put off: it waits on a queue
and costs nothing there, so it need not insist on a service that has just failed. Bulk jobs and
reconciles can do neither. Context variables say which, so that no use case has to pass it around.
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


_can_be_put_off: ContextVar[bool] = ContextVar("can_be_put_off", default=False)


@contextmanager
def work_that_can_be_put_off() -> Iterator[None]:
    """For the block: a service that has just failed is not asked again, and one that does not
    answer is asked once."""
    token = _can_be_put_off.set(True)
    try:
        yield
    finally:
        _can_be_put_off.reset(token)


def must_insist() -> bool:
    """True for work that is lost or starts over when a service fails: it asks again and again."""
    return may_wait() and not _can_be_put_off.get()
