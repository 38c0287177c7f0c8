"""Runs a development host for the length of a block; measures the processor time of a process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from devhost import HostProcess


def measure_core_s(process: psutil.Process, work: Callable[[], object]) -> float:
    """Returns the seconds of all cores that the process uses while ``work`` runs."""
    before = process.cpu_times()
    work()
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system)


@contextmanager
def run_host(
    *, module: str = "devhost", local_dir: Path | None = None, **settings: str
) -> Iterator[httpx.Client]:
    """Yields a client of a host. Without ``local_dir`` all that the host stored is removed."""
    with tempfile.TemporaryDirectory() as folder:
        host = HostProcess(local_dir or Path(folder), module=module, **settings)
        try:
            with httpx.Client(base_url=host.url, timeout=30) as client:
                yield client
        finally:
            host.stop()
