"""What one run of an orchestrator comes to, decided without I/O."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from devhost.durable.events import Event, Kind, event, stamp
from devhost.durable.replay import (
    Decision,
    NonDeterministic,
    NotPlayed,
    Replay,
    refuse_custom_status,
)
from devhost.durable.worker import Answer

_FRAME = "Microsoft.Azure.WebJobs.Extensions.DurableTask.TaskOrchestrationShim.InvokeUserCode()"


@dataclass(slots=True)
class Step:
    events: list[Event]
    """To be added to the history."""
    begun: list[Decision] = field(default_factory=list)
    cancelled: Sequence[int] = ()
    """Timers, by number."""
    custom_status: Any = None
    ended: str = ""
    """The status it has ended with."""
    output: Any = None
    details: str = ""
    """Of a failure, for the orchestration that waits for this one."""
    anew: bool = False
    """It goes on as a new execution; ``output`` is its input."""
    unconsumed: Sequence[Event] = ()
    """External events that the new execution finds."""

    @classmethod
    def begin(cls, batch: Sequence[Event]) -> Step:
        return cls([event(Kind.OrchestratorStarted), *batch])

    def take(self, answer: Answer, before: Sequence[Event]) -> None:
        """``before``: the history up to this step."""
        self.custom_status = answer.custom_status
        try:
            self._replay(answer, [*before, *self.events])
        except (NonDeterministic, NotPlayed) as exc:
            self._end("Failed", str(exc))
        self.events.append(event(Kind.OrchestratorCompleted))

    def _replay(self, answer: Answer, history: Sequence[Event]) -> None:
        if too_large := refuse_custom_status(answer.custom_status):
            self.custom_status = None
            self._fail(answer, too_large)
            return
        replay = Replay(answer.actions).run(history)
        self.begun = list(replay.decisions.values())
        self.cancelled = replay.cancelled
        self.events += map(_event_of, self.begun)
        if not replay.is_through:
            return
        if answer.error:
            self._fail(answer, answer.error)
        elif replay.anew is not None:
            self.anew, self.output, self.unconsumed = True, replay.anew, list(replay.unconsumed)
        elif answer.is_done:
            self._end("Completed", answer.output)

    def _fail(self, answer: Answer, why: str) -> None:
        self.details = f"Message: {why}, StackTrace:    at {_FRAME}"
        self._end("Failed", answer.failure(why))

    def _end(self, status: str, output: Any) -> None:
        self.ended, self.output = status, output
        result = json.dumps(output)
        self.events.append(
            event(Kind.ExecutionCompleted, OrchestrationStatus=status, Result=result)
        )


def _event_of(decision: Decision) -> Event:
    if decision.kind == Kind.TimerCreated:
        fires = stamp(datetime.fromtimestamp(decision.due, UTC))
        return event(decision.kind, decision.number, FireAt=fires)
    about = {"Name": decision.name, "Input": decision.input}
    if decision.kind == Kind.SubOrchestrationInstanceCreated:
        about["InstanceId"] = decision.instance
    return event(decision.kind, decision.number, **about)
