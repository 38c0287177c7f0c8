"""One step of an orchestration: what its orchestrator decided, worked out without I/O."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from devhost.durable.events import Event, EventKind, format_time, make_event
from devhost.durable.replay import (
    Decision,
    NonDeterministic,
    Replay,
    UnsupportedAction,
    find_custom_status_error,
)
from devhost.durable.worker import OrchestratorState

_FRAME = "Microsoft.Azure.WebJobs.Extensions.DurableTask.TaskOrchestrationShim.InvokeUserCode()"


@dataclass(slots=True)
class OrchestrationStep:
    now: float
    """Seconds since the epoch; all its events have this time."""
    events: list[Event]
    """Events to append to the history."""
    decisions: list[Decision] = field(default_factory=list)
    """Work to start."""
    cancelled_timers: Sequence[int] = ()
    """Their numbers."""
    custom_status: Any = None
    end_status: str = ""
    """Completed or Failed; empty while the orchestration goes on."""
    output: Any = None
    """The output, or the reason of a failure."""
    error_details: str = ""
    """More about a failure, for the orchestration that waits for this one."""
    next_input: str | None = None
    """The input of a new execution, when the orchestration continues as new."""
    unconsumed_events: Sequence[Event] = ()
    """External events that the new execution receives."""

    @classmethod
    def begin(cls, batch: Sequence[Event], *, now: float) -> OrchestrationStep:
        """``batch``: the events that are new to the orchestrator."""
        return cls(now, [make_event(EventKind.OrchestratorStarted, at=now), *batch])

    def apply(self, state: OrchestratorState, history: Sequence[Event]) -> None:
        """Takes in what the orchestrator returned; ``history`` ends before this step."""
        self.custom_status = state.custom_status
        try:
            self._replay(state, [*history, *self.events])
        except (NonDeterministic, UnsupportedAction) as exc:
            self._end("Failed", str(exc))
        self.events.append(make_event(EventKind.OrchestratorCompleted, at=self.now))

    def _replay(self, state: OrchestratorState, history: Sequence[Event]) -> None:
        if error := find_custom_status_error(state.custom_status):
            self.custom_status = None
            self._fail(state, error)
            return
        replay = Replay(state.actions).run(history)
        self.decisions = list(replay.decisions.values())
        self.cancelled_timers = replay.cancelled_timers
        self.events += map(self._make_decision_event, self.decisions)
        if not replay.is_finished:
            return
        if state.error:
            self._fail(state, state.error)
        elif replay.next_input is not None:
            self.next_input = replay.next_input
            self.unconsumed_events = list(replay.unconsumed)
        elif state.is_done:
            self._end("Completed", state.output)

    def _fail(self, state: OrchestratorState, error: str) -> None:
        self.error_details = f"Message: {error}, StackTrace:    at {_FRAME}"
        self._end("Failed", f"Orchestrator function '{state.name}' failed: {error}")

    def _end(self, status: str, output: Any) -> None:
        self.end_status, self.output = status, output
        fields = {"OrchestrationStatus": status, "Result": json.dumps(output)}
        self.events.append(make_event(EventKind.ExecutionCompleted, at=self.now, **fields))

    def _make_decision_event(self, decision: Decision) -> Event:
        if decision.kind == EventKind.TimerCreated:
            fields = {"FireAt": format_time(decision.due)}
        else:
            fields = {"Name": decision.name, "Input": decision.input}
        if decision.kind == EventKind.SubOrchestrationInstanceCreated:
            fields["InstanceId"] = decision.instance
        return make_event(decision.kind, decision.number, at=self.now, **fields)
