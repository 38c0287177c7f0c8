"""Other threads that work for the call in hand, so that what they log is logged as the call's.

Whatever starts a thread for a call does it with these two; a test holds the app to it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from shared_code.domain.call import call_in_hand, calling

P = ParamSpec("P")
T = TypeVar("T")


def bind_to_call(work: Callable[P, T]) -> Callable[P, T]:
    """Returns ``work`` as another thread shall run it: for the call that is in hand now.

    Stage timings stay behind: threads beside one another would add up to more than has passed.
    """
    call = call_in_hand()
    if call is None:
        return work

    @functools.wraps(work)
    def work_for_call(*args: P.args, **kwargs: P.kwargs) -> T:
        with calling(call), call.mark_thread():
            return work(*args, **kwargs)

    return work_for_call


async def run_in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs ``work`` beside the event loop, for the call that is in hand."""
    return await asyncio.to_thread(bind_to_call(work), *args, **kwargs)
