"""Stage timings of the request in hand, for ``Server-Timing`` and ``explain``.

A context variable carries them, so that no use case has to pass a stopwatch around.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_stages: ContextVar[dict[str, float] | None] = ContextVar("stages", default=None)


@contextmanager
def collect_stages() -> Iterator[dict[str, float]]:
    """Collects every ``stage`` inside the block: name -> milliseconds, in order of first use."""
    stages: dict[str, float] = {}
    token = _stages.set(stages)
    try:
        yield stages
    finally:
        _stages.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Adds the time spent in the block to the stage; costs nothing that matters outside one."""
    started = time.perf_counter()
    try:
        yield
    finally:
        stages = _stages.get()
        if stages is not None:
            elapsed_ms = (time.perf_counter() - started) * 1000
            stages[name] = stages.get(name, 0.0) + elapsed_ms


def mark(name: str, value: str) -> None:
    """A fact without a duration, as ``Server-Timing`` writes it."""
    stages = _stages.get()
    if stages is not None:
        stages[f"{name};desc={value}"] = 0.0


def stages_so_far() -> dict[str, float]:
    """What ``collect_stages`` has collected until now; empty outside of it."""
    return dict(_stages.get() or {})
