"""Disk and network calls of the host itself, kept off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class IoThreads:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="devhost-io")

    async def run(self, call: Callable[..., T], *arguments: Any) -> T:
        """Runs the call on one of a few threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
