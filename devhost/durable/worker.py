"""Calls the app's orchestrators and activities, and translates as the host's extension does.

Of ``upperSchemaVersion`` and its newer twin the library takes the newest schema that it knows.
Failures are worded as that extension does it, in the manner of .NET.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azure.functions import meta

from devhost.durable.events import Event
from devhost.durable.replay import SCHEMA
from devhost.functions import ACTIVITY, ORCHESTRATION, AppFunction, find_converter
from devhost.invoker import Invocation

_OUT_OF_PROC = "\n\n$OutOfProcData$:"
"""Stands between an orchestrator's error and its state in the exception of the library."""


@dataclass(frozen=True, slots=True)
class OrchestratorState:
    """An orchestrator's return value: all its actions so far, and whether it has ended."""

    name: str
    actions: Sequence[Mapping[str, Any]] = ()
    """In order; a compound action holds others."""
    is_done: bool = False
    output: Any = None
    custom_status: Any = None
    error: str = ""

    @classmethod
    def from_json(cls, name: str, text: str, error: str = "") -> OrchestratorState:
        state = json.loads(text)
        return cls(
            name,
            [action for execution in state["actions"] for action in execution],
            bool(state.get("isDone")),
            state.get("output"),
            state.get("customStatus"),
            error or state.get("error", ""),
        )


@dataclass(frozen=True, slots=True)
class ActivityFailed(Exception):
    reason: str
    details: str


@dataclass(frozen=True, slots=True)
class DurableWorker:
    functions: Mapping[str, AppFunction]
    """By their names in lower case."""
    invoke: Callable[[Invocation, object], Awaitable[Any]]

    def has_function(self, name: str, kind: str) -> bool:
        function = self.functions.get(name.casefold())
        return function is not None and function.kind == kind

    async def run_orchestrator(
        self, name: str, history: Sequence[Event], instance: Mapping[str, Any]
    ) -> OrchestratorState:
        """``instance``: instanceId, parentInstanceId and input. Raises nothing: an error is part of
        the state."""
        if not self.has_function(name, ORCHESTRATION):
            error = f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator."
            return OrchestratorState(name, error=error)
        context = {"history": list(history), **instance, "isReplaying": False, **SCHEMA}
        try:
            return OrchestratorState.from_json(name, await self._call(name, json.dumps(context)))
        except Exception as exc:
            message, separator, state = str(exc).partition(_OUT_OF_PROC)
            if not separator:
                return OrchestratorState(name, error=f"{type(exc).__name__}: {exc}")
            return OrchestratorState.from_json(name, state, message)

    async def run_activity(self, name: str, input_json: str) -> str:
        """Returns the activity's result as JSON. Raises ActivityFailed."""
        if not self.has_function(name, ACTIVITY):
            raise ActivityFailed(f"The function '{name}' doesn't exist or is not an activity.", "")
        try:
            return str(await self._call(name, input_json))
        except Exception as exc:
            # two blanks: what follows is cut out of the worker's "Exception: <type>: <message>"
            reason = f"Activity function '{name}' failed:  {type(exc).__name__}: {exc}"
            raise ActivityFailed(reason, _format_dotnet_exception(exc)) from exc

    async def _call(self, name: str, text: str) -> Any:
        function = self.functions[name.casefold()]
        converter = find_converter(function.kind)
        value = converter.decode(meta.Datum(text, "json"), trigger_metadata={})
        returned = await self.invoke(Invocation(function), value)
        return converter.encode(returned, expected_type=None).value


def _format_dotnet_exception(exc: Exception) -> str:
    """Returns an activity's exception as the extension stores it, around the worker's report."""
    message = f" {type(exc).__name__}: {exc}"
    report = f"Result: Failure\nException:{message}\nStack: {traceback.format_exc()}"
    frames = "   at Microsoft.Azure.WebJobs.Host.Executors.FunctionExecutor.ExecuteAsync()"
    inner = {
        "$type": "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, WebJobs.Script",
        "Message": report,
        "StackTrace": frames,
    }
    return json.dumps(
        {
            "$type": "System.Exception, System.Private.CoreLib",
            "ClassName": "System.Exception",
            "Message": message,
            "Data": None,
            "InnerException": inner,
            "StackTraceString": None,
            "HResult": -2146233088,
            "Source": None,
            "WatsonBuckets": None,
        },
        separators=(",", ":"),
    )
