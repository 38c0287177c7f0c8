"""The worker's side: an orchestrator is run on its history, an activity on its input.

What goes over is what the host's extension sends: ``upperSchemaVersion`` 1 and its newer twin 2
are its SchemaVersion V2 and V3, of which the library takes the newest that it knows.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azure.functions import meta

from devhost.durable.events import Event
from devhost.indexing import ACTIVITY, ORCHESTRATION, Indexed, converter
from devhost.invoking import Invocation, Invoker

_OUT_OF_PROC = "\n\n$OutOfProcData$:"
"""Between an orchestrator's error and its state, in the exception that the library raises."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an orchestrator came to: all that it has asked for so far, and whether it has ended."""

    actions: Sequence[Mapping[str, Any]]
    is_done: bool = False
    output: Any = None
    custom_status: Any = None
    error: str = ""


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
            "upperSchemaVersion": 1,
            "upperSchemaVersionNew": 2,
        }
        if not self.knows(name, ORCHESTRATION):
            said = f"The function '{name}' doesn't exist or is no orchestrator."
            return Answer((), error=_failed(name, said))
        try:
            return _answer(json.loads(await self._call(name, json.dumps(context))))
        except Exception as exc:
            message, found, state = str(exc).partition(_OUT_OF_PROC)
            if not found:
                return Answer((), error=_failed(name, f"{type(exc).__name__}: {exc}"))
            return _answer({**json.loads(state), "error": _failed(name, message)})

    async def act(self, name: str, given: str) -> str:
        """The activity's result as JSON. Raises ActivityFailed."""
        if not self.knows(name, ACTIVITY):
            raise ActivityFailed(f"The function '{name}' doesn't exist or is no activity.", "")
        try:
            return str(await self._call(name, given))
        except Exception as exc:
            reason = f"Activity function '{name}' failed: {type(exc).__name__}: {exc}"
            raise ActivityFailed(reason, traceback.format_exc()) from exc

    async def _call(self, name: str, given: str) -> Any:
        function = self.functions[name.casefold()]
        convert = converter(function.kind)
        value = convert.decode(meta.Datum(given, "json"), trigger_metadata={})
        returned = await self.invoke(Invocation(function), value)
        return convert.encode(returned, expected_type=None).value


def _failed(name: str, why: str) -> str:
    return f"Orchestrator function '{name}' failed: {why}"


def _answer(state: Mapping[str, Any]) -> Answer:
    asked = (action for execution in state["actions"] for action in execution)
    return Answer(
        [each for action in asked for each in _atomic(action)],
        bool(state.get("isDone")),
        state.get("output"),
        state.get("customStatus"),
        state.get("error", ""),
    )


def _atomic(action: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """WhenAny and WhenAll are unfolded: which of them was waited for is the library's affair."""
    inner = action.get("compoundActions")
    return [action] if inner is None else [each for one in inner for each in _atomic(one)]
