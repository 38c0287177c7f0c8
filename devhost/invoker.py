"""Runs functions as the Python worker does: sync ones on threads, async ones on the loop."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import azure.functions as func

from devhost.functions import AppFunction


def read_thread_count() -> int:
    """Returns the number of threads for sync functions, by the worker's rule."""
    configured = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    return int(configured) if configured.isdecimal() else min(32, (os.cpu_count() or 1) + 4)


class InvocationContext(func.Context):
    """The value of the parameter ``context``."""

    def __init__(self, function: str, invocation_id: str) -> None:
        self._function = function
        self._invocation_id = invocation_id
        self._local = threading.local()
        self._local.invocation_id = invocation_id

    @property
    def invocation_id(self) -> str:
        return self._invocation_id

    @property
    def thread_local_storage(self) -> Any:
        return self._local

    @property
    def function_name(self) -> str:
        return self._function

    @property
    def function_directory(self) -> str:
        return str(Path.cwd())

    @property
    def trace_context(self) -> Any:
        return None

    @property
    def retry_context(self) -> Any:
        return None


@dataclass(frozen=True, slots=True)
class Invocation:
    function: AppFunction
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __str__(self) -> str:
        return f"{self.function.name} [{self.id}]"


class Invoker:
    def __init__(self, threads: int, durable_client: str = "") -> None:
        """``durable_client``: the value of ``durableClient`` bindings."""
        self._durable_client = durable_client
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")

    async def __call__(self, invocation: Invocation, value: object) -> Any:
        """Calls the function with its trigger's value, and lets its exception through."""
        function = invocation.function
        arguments = {function.argument: value}
        arguments |= dict.fromkeys(function.clients, self._durable_client)
        if function.takes_context:
            arguments["context"] = InvocationContext(function.name, invocation.id)
        if inspect.iscoroutinefunction(function.call):
            result = await function.call(**arguments)
        else:
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(self._pool, _call_on_thread, function, arguments)
        if result is not None and not function.returns:
            raise RuntimeError(f"{function.name} has no $return binding, so it must return None")
        return result

    def close(self) -> None:
        """Takes no more work; running functions go on."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _call_on_thread(function: AppFunction, arguments: dict[str, Any]) -> Any:
    try:
        return function.call(**arguments)
    except SystemExit as exc:  # it would end the event loop
        raise RuntimeError(f"{function.name} called sys.exit()") from exc
