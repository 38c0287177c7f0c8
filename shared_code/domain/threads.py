"""Threads that work for the current call, so that what they log is logged as the call's.

Whatever starts a thread for a call does it with these two functions; a test checks that.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from shared_code.domain.current_call import current_call, enter_call

P = ParamSpec("P")
T = TypeVar("T")


def bind_to_call(work: Callable[P, T]) -> Callable[P, T]:
    """Returns ``work`` bound to the current call, for another thread to run.

    Stage timings are not passed on: those of parallel threads would add up to more than the time
    that has passed.
    """
    call = current_call()
    if call is None:
        return work

    @functools.wraps(work)
    def work_for_call(*args: P.args, **kwargs: P.kwargs) -> T:
        with enter_call(call), call.mark_thread():
            return work(*args, **kwargs)

    return work_for_call


async def run_in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs ``work`` beside the event loop, on behalf of the current call."""
    return await asyncio.to_thread(bind_to_call(work), *args, **kwargs)
