"""The call of a function that is in hand, for whoever writes a log or starts a thread for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """The call in hand, for whoever writes a log."""

    function: str
    request_id: str
    mark_thread: Callable[[], AbstractContextManager[None]] = nullcontext
    """Shows the host that a thread works for this call, while the block lasts."""


_call: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def calling(call: Call) -> Iterator[None]:
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)


def call_in_hand() -> Call | None:
    return _call.get()
