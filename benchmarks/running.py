"""A development host for as long as a block lasts, and a client of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from devhost.child import HostProcess


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
