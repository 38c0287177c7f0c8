"""A development host for as long as a block lasts, and a client of it; what a process takes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from devhost import HostProcess


def core_s(process: psutil.Process, work: Callable[[], object]) -> float:
    """Seconds of all cores that the process takes while the work goes on."""
    before = process.cpu_times()
    work()
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system)


@contextmanager
def devhost(
    *, module: str = "devhost", local_dir: Path | None = None, **settings: str
) -> Iterator[httpx.Client]:
    """Without ``local_dir`` everything that it kept is removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        host = HostProcess(local_dir or Path(folder), module=module, **settings)
        try:
            with httpx.Client(base_url=host.url, timeout=30) as client:
                yield client
        finally:
            host.stop()
