"""Durable Functions in memory: the real library's orchestrators, a history by hand.

One event per step, everything in order; no time passes unless activities are said to take some.
What an orchestrator asks for is begun by the replay of the development host. Its client answers
with the library's own status objects.
"""

import asyncio
import heapq
import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus
from azure.durable_functions.models.history import HistoryEventType as Event

from devhost.durable.replay import SCHEMA, Decision, Replay, refuse_custom_status

_OUT_OF_PROC = "$OutOfProcData$:"


@dataclass
class Instance:
    id: str
    name: str
    input: Any
    parent: tuple[str, int] | None = None
    status: str = "Pending"
    custom: Any = None
    output: Any = None
    history: list[dict] = field(default_factory=list)
    longest: int = 0
    generations: int = 1


class MemoryDurable:
    def __init__(self, *blueprints: Any) -> None:
        builders = [b for blueprint in blueprints for b in blueprint._function_builders]
        functions = [b.build() for b in builders]
        self.functions = {f.get_function_name(): f.get_user_function() for f in functions}
        self.instances: dict[str, Instance] = {}
        self.activities: list[tuple[str, Any]] = []
        self.takes: dict[str, float] = {}
        """Seconds of activities, by name; as many as there are run side by side."""
        self.clock = 0.0
        """Seconds that have passed, if activities take any."""
        self._work: list[tuple] = []
        self._order = count()
        self._now = self._began = datetime.now(UTC)

    # what the client does

    async def start_new(self, name: str, instance_id: str, client_input: Any) -> str:
        self._begin(Instance(instance_id, name, json.loads(json.dumps(client_input))))
        return instance_id

    async def get_status(self, instance_id: str, **_: Any) -> DurableOrchestrationStatus:
        found = self.instances.get(instance_id)
        return DurableOrchestrationStatus.from_json(self._said(found) if found else "none")

    async def list_instances(
        self, prefix: str, *, statuses: Sequence[str] = (), since: datetime | None = None
    ) -> list[DurableOrchestrationStatus]:
        statuses_now = [
            DurableOrchestrationStatus.from_json(self._said(each))
            for each in self.instances.values()
            if each.id.startswith(prefix)
            and (not statuses or each.status in statuses)
            and (since is None or self._began >= since)
        ]
        await asyncio.sleep(0)  # others go on before the caller knows
        return statuses_now

    async def terminate(self, instance_id: str, reason: str) -> None:
        self._queue("_terminate", self.instances[instance_id])

    def _terminate(self, instance: Instance) -> None:
        if instance.status in ("Pending", "Running"):
            instance.status = "Terminated"

    def _said(self, each: Instance) -> dict:
        return {
            "name": each.name,
            "instanceId": each.id,
            "createdTime": self._began.isoformat(),
            "lastUpdatedTime": self._now.isoformat(),
            "input": each.input,
            "output": each.output,
            "runtimeStatus": each.status,
            "customStatus": each.custom,
        }

    # what the host does

    def run(self, *, steps: int = 10**6) -> bool:
        """Until nothing is left to do; True then."""
        while self._work and steps:
            steps -= 1
            self._now += timedelta(seconds=1)
            self.clock, _, kind, *what = heapq.heappop(self._work)
            getattr(self, kind)(*what)
        return not self._work

    def _queue(self, kind: str, *what: Any, after: float = 0.0) -> None:
        heapq.heappush(self._work, (self.clock + after, next(self._order), kind, *what))

    def drop(self, kind: str) -> None:
        """Takes back what is queued of this kind."""
        self._work = [work for work in self._work if work[2] != kind]
        heapq.heapify(self._work)

    def _begin(self, instance: Instance) -> None:
        self.instances[instance.id] = instance
        started = self._event(
            Event.EXECUTION_STARTED,
            Name=instance.name,
            Input=json.dumps(instance.input),
            Version=None,
        )
        self._queue("_step", instance, started)

    def _step(self, instance: Instance, event: dict) -> None:
        if instance.status not in ("Pending", "Running"):
            return
        instance.status = "Running"
        instance.history += [self._event(Event.ORCHESTRATOR_STARTED), event]
        instance.longest = max(instance.longest, len(instance.history))
        state = self._replayed(instance)
        instance.custom = state.get("customStatus", instance.custom)
        assert not refuse_custom_status(instance.custom), "Azure would fail this orchestration"
        replay = Replay([action for part in state["actions"] for action in part])
        replay.run(instance.history)
        for decision in replay.decisions.values():
            self._carry_out(instance, decision)
        instance.history.append(self._event(Event.ORCHESTRATOR_COMPLETED))
        if not replay.is_through:
            return
        if replay.anew is not None:
            self._anew(instance, json.loads(replay.anew))
        elif "error" in state:
            self._end(instance, "Failed", state["error"])
        elif state["isDone"]:
            self._end(instance, "Completed", state.get("output"))

    def _replayed(self, instance: Instance) -> dict:
        context = {
            "history": instance.history,
            "input": json.dumps(instance.input),
            "instanceId": instance.id,
            "isReplaying": False,
            "parentInstanceId": instance.parent and instance.parent[0],
            **SCHEMA,
        }
        try:
            return json.loads(self.functions[instance.name](json.dumps(context)))
        except Exception as exc:
            state = str(exc).partition(_OUT_OF_PROC)[2]
            if not state:
                raise
            return json.loads(state)

    def _carry_out(self, instance: Instance, decision: Decision) -> None:
        number, name, given = decision.number, decision.name, json.loads(decision.input)
        if decision.kind == Event.TIMER_CREATED:
            instance.history.append(self._event(decision.kind, number))
            fired = self._event(Event.TIMER_FIRED, TimerId=number)
            return self._queue("_step", instance, fired)
        instance.history.append(self._event(decision.kind, number, Name=name, Input=decision.input))
        if decision.kind == Event.SUB_ORCHESTRATION_INSTANCE_CREATED:
            return self._begin(Instance(decision.instance, name, given, (instance.id, number)))
        return self._queue(
            "_activity", instance, number, name, given, after=self.takes.get(name, 0.0)
        )

    def _activity(self, instance: Instance, number: int, name: str, given: Any) -> None:
        self.activities.append((name, given))
        try:
            result = self.functions[name](given)
            done = self._event(Event.TASK_COMPLETED, TaskScheduledId=number)
            done["Result"] = json.dumps(result)
        except Exception as exc:
            reason = f"Activity function '{name}' failed:  {type(exc).__name__}: {exc}"
            report = f"Result: Failure\nException: {exc}\nStack: {traceback.format_exc()}"
            details = json.dumps({"$type": "System.Exception", "Message": report})
            said = {"Reason": reason, "Details": details}
            done = self._event(Event.TASK_FAILED, TaskScheduledId=number, **said)
        self._queue("_step", instance, done)

    def _anew(self, instance: Instance, given: Any) -> None:
        instance.generations += 1
        instance.input, instance.history = given, []
        self._begin(instance)

    def _end(self, instance: Instance, status: str, output: Any) -> None:
        """``output`` of a failed one: why."""
        details = f"Message: {output}, StackTrace:    at System.Threading.Tasks.Task"
        if status == "Failed":
            output = f"Orchestrator function '{instance.name}' failed: {output}"
        instance.status, instance.output = status, output
        if instance.parent:
            parent, number = self.instances[instance.parent[0]], instance.parent[1]
            if status == "Completed":
                done = self._event(
                    Event.SUB_ORCHESTRATION_INSTANCE_COMPLETED,
                    TaskScheduledId=number,
                    Result=json.dumps(output),
                )
            else:
                done = self._event(
                    Event.SUB_ORCHESTRATION_INSTANCE_FAILED,
                    TaskScheduledId=number,
                    Reason=output,
                    Details=details,
                )
            self._queue("_step", parent, done)

    def _event(self, kind: Event, number: int = -1, **said: Any) -> dict:
        at = self._now.isoformat()
        about = {"EventType": int(kind), "EventId": number, "IsPlayed": False, "Timestamp": at}
        return {**about, **said}
