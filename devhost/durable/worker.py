"""The worker's side: an orchestrator is run on its history, an activity on its input.

What goes over is what the host's extension sends: of ``upperSchemaVersion`` and its newer twin the
library takes the newest schema that it knows. Failures come back in the words of that extension,
which are .NET's.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azure.functions import meta

from devhost.durable.events import Event
from devhost.durable.replay import SCHEMA
from devhost.functions import ACTIVITY, ORCHESTRATION, Indexed, converter
from devhost.invoker import Invocation, Invoker

_OUT_OF_PROC = "\n\n$OutOfProcData$:"
"""Between an orchestrator's error and its state, in the exception that the library raises."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an orchestrator came to: all that it has asked for so far, and whether it has ended."""

    actions: Sequence[Mapping[str, Any]]
    """In order; a compound one holds others."""
    is_done: bool = False
    output: Any = None
    custom_status: Any = None
    error: str = ""
    name: str = ""
    """Of the orchestrator."""

    def failure(self, why: str) -> str:
        return f"Orchestrator function '{self.name}' failed: {why}"


@dataclass(frozen=True, slots=True)
class ActivityFailed(Exception):
    reason: str
    details: str


@dataclass(frozen=True, slots=True)
class Worker:
    functions: Mapping[str, Indexed]
    """By name in lower case."""
    invoke: Invoker

    def knows(self, name: str, kind: str) -> bool:
        found = self.functions.get(name.casefold())
        return found is not None and found.kind == kind

    async def orchestrate(
        self, name: str, history: Sequence[Event], about: Mapping[str, Any]
    ) -> Answer:
        """``about``: instanceId, parentInstanceId and input. Never raises."""
        context = {
            "history": list(history),
            **about,
            "isReplaying": False,
            **SCHEMA,
        }
        if not self.knows(name, ORCHESTRATION):
            why = f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator."
            return Answer((), error=why, name=name)
        try:
            return _answer(json.loads(await self._call(name, json.dumps(context))), name)
        except Exception as exc:
            message, separator, state = str(exc).partition(_OUT_OF_PROC)
            if not separator:
                return Answer((), error=f"{type(exc).__name__}: {exc}", name=name)
            return _answer({**json.loads(state), "error": message}, name)

    async def act(self, name: str, given: str) -> str:
        """The activity's result as JSON. Raises ActivityFailed."""
        if not self.knows(name, ACTIVITY):
            raise ActivityFailed(f"The function '{name}' doesn't exist or is no activity.", "")
        try:
            return str(await self._call(name, given))
        except Exception as exc:
            # two blanks: what follows is cut out of the worker's "Exception: <type>: <message>"
            reason = f"Activity function '{name}' failed:  {type(exc).__name__}: {exc}"
            raise ActivityFailed(reason, _dotnet_exception(exc)) from exc

    async def _call(self, name: str, given: str) -> Any:
        function = self.functions[name.casefold()]
        convert = converter(function.kind)
        value = convert.decode(meta.Datum(given, "json"), trigger_metadata={})
        returned = await self.invoke(Invocation(function), value)
        return convert.encode(returned, expected_type=None).value


def _dotnet_exception(exc: Exception) -> str:
    """An activity's exception as the extension keeps it, with the worker's report inside."""
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


def _answer(state: Mapping[str, Any], name: str) -> Answer:
    return Answer(
        [action for execution in state["actions"] for action in execution],
        bool(state.get("isDone")),
        state.get("output"),
        state.get("customStatus"),
        state.get("error", ""),
        name,
    )
