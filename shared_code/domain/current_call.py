"""The function call that is being handled, for whatever logs or starts threads on its behalf."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """The call that is being handled, as log lines name it."""

    function: str
    request_id: str
    mark_thread: Callable[[], AbstractContextManager[None]] = nullcontext
    """Tells the host that a thread works for this call, while the block lasts."""


_call: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def enter_call(call: Call) -> Iterator[None]:
    """Makes this the current call for the block."""
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)


def current_call() -> Call | None:
    return _call.get()
