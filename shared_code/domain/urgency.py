"""How long the current work may wait for a busy model or a failing service.

Somebody waits for the answer to an HTTP request, so it is refused rather than kept waiting. An
event can be deferred: it waits on a queue and costs nothing there, so it need not insist on a
service that has just failed. Bulk jobs and reconciles can do neither. Context variables say which
of these the work is, so that no use case has to pass it around.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_interactive_request: ContextVar[bool] = ContextVar("interactive_request", default=False)


@contextmanager
def interactive_request() -> Iterator[None]:
    """Marks the block as the work of an HTTP request: it is refused rather than kept waiting."""
    token = _interactive_request.set(True)
    try:
        yield
    finally:
        _interactive_request.reset(token)


def can_block() -> bool:
    """Returns whether the work may wait its turn: nobody waits for its answer."""
    return not _interactive_request.get()


_deferrable_work: ContextVar[bool] = ContextVar("deferrable_work", default=False)


@contextmanager
def deferrable_work() -> Iterator[None]:
    """Marks the block as work that can be done later: it does not retry, nor call a service that
    has just failed."""
    token = _deferrable_work.set(True)
    try:
        yield
    finally:
        _deferrable_work.reset(token)


def must_retry() -> bool:
    """Returns whether the work is lost or starts over when a service fails, so that it retries."""
    return can_block() and not _deferrable_work.get()
