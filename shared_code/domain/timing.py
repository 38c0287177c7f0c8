"""Stage timings of the current work, for ``Server-Timing``, ``explain`` and telemetry.

A context variable carries them, so that no use case has to pass a stopwatch around.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

MAX_INTERVALS = 100
"""Intervals that are recorded singly. A chunk of a bulk job has hundreds; the sums hold them
all."""


class Interval(NamedTuple):
    name: str
    started_ns: int
    """In nanoseconds since the epoch."""
    ended_ns: int


class Stages(dict[str, float]):
    """Name -> milliseconds, in order of first use."""

    def __init__(self) -> None:
        super().__init__()
        self.intervals: list[Interval] = []
        self.marks: dict[str, str] = {}

    def add(self, name: str, started_ns: int, took_ns: int) -> None:
        self[name] = self.get(name, 0.0) + took_ns / 1e6
        if len(self.intervals) < MAX_INTERVALS:
            self.intervals.append(Interval(name, started_ns, started_ns + took_ns))


_stages: ContextVar[Stages | None] = ContextVar("stages", default=None)


@contextmanager
def collect_stages() -> Iterator[Stages]:
    """Collects every ``stage`` inside the block."""
    stages = Stages()
    token = _stages.set(stages)
    try:
        yield stages
    finally:
        _stages.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Adds the time spent in the block to the stage, where ``collect_stages`` is active."""
    clock_ns, started = time.time_ns(), time.perf_counter_ns()
    try:
        yield
    finally:
        stages = _stages.get()
        if stages is not None:
            stages.add(name, clock_ns, time.perf_counter_ns() - started)


def mark(name: str, value: str) -> None:
    """Records a fact without a duration, which ``Server-Timing`` shows as a description."""
    stages = _stages.get()
    if stages is not None:
        stages[f"{name};desc={value}"] = 0.0
        stages.marks[name] = value


def current_stages() -> dict[str, float]:
    """Returns the milliseconds of each stage so far; empty outside ``collect_stages``."""
    return dict(_stages.get() or {})
