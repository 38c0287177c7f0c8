"""Durable Functions in memory: the real library's orchestrators, a history by hand.

One event per step, everything in order, no time passes. Its client answers with the library's
own status objects.
"""

import json
import traceback
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus
from azure.durable_functions.models.history import HistoryEventType as Event

CALL, CALL_WITH_RETRY, CALL_SUB, CONTINUE_AS_NEW, TIMER = 0, 1, 2, 4, 5
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
    acted: int = 0
    next_id: int = 0
    longest: int = 0
    generations: int = 1
    retries: dict[int, tuple[dict, int]] = field(default_factory=dict)


class MemoryDurable:
    def __init__(self, *blueprints: Any) -> None:
        builders = [b for blueprint in blueprints for b in blueprint._function_builders]
        functions = [b.build() for b in builders]
        self.functions = {f.get_function_name(): f.get_user_function() for f in functions}
        self.instances: dict[str, Instance] = {}
        self.activities: list[tuple[str, Any]] = []
        self._work: deque[tuple] = deque()
        self._now = self._began = datetime.now(UTC)

    # what the client does

    async def start_new(self, name: str, instance_id: str, client_input: Any) -> str:
        self._begin(Instance(instance_id, name, json.loads(json.dumps(client_input))))
        return instance_id

    async def get_status(self, instance_id: str, **_: Any) -> DurableOrchestrationStatus:
        found = self.instances.get(instance_id)
        return DurableOrchestrationStatus.from_json(self._said(found) if found else "none")

    async def get_status_by(self, *, instance_id_prefix: str = "", **_: Any):
        found = [i for i in self.instances.values() if i.id.startswith(instance_id_prefix)]
        return [DurableOrchestrationStatus.from_json(self._said(each)) for each in found]

    async def terminate(self, instance_id: str, reason: str) -> None:
        self.instances[instance_id].status = "Terminated"

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
            kind, *what = self._work.popleft()
            getattr(self, kind)(*what)
        return not self._work

    def _begin(self, instance: Instance) -> None:
        self.instances[instance.id] = instance
        started = self._event(
            Event.EXECUTION_STARTED,
            Name=instance.name,
            Input=json.dumps(instance.input),
            Version=None,
        )
        self._work.append(("_step", instance, started))

    def _step(self, instance: Instance, event: dict) -> None:
        if instance.status not in ("Pending", "Running"):
            return
        instance.status = "Running"
        instance.history += [self._event(Event.ORCHESTRATOR_STARTED), event]
        instance.longest = max(instance.longest, len(instance.history))
        state = self._replayed(instance)
        instance.custom = state.get("customStatus", instance.custom)
        if event["EventType"] == Event.TASK_FAILED and event["TaskScheduledId"] in instance.retries:
            return self._retry_later(instance, event["TaskScheduledId"])
        if event["EventType"] == Event.TIMER_FIRED and event["TimerId"] in instance.retries:
            self._retry(instance, event["TimerId"])
        flat = [each for part in state["actions"] for one in part for each in _atomic(one)]
        for action in flat[instance.acted :]:
            if action["actionType"] == CONTINUE_AS_NEW:
                return self._anew(instance, json.loads(action["input"]))
            self._act(instance, action)
        instance.acted = len(flat)
        instance.history.append(self._event(Event.ORCHESTRATOR_COMPLETED))
        if "error" in state:
            self._end(
                instance,
                "Failed",
                f"Orchestrator function '{instance.name}' failed: {state['error']}",
            )
        elif state["isDone"]:
            self._end(instance, "Completed", state.get("output"))
        return None

    def _replayed(self, instance: Instance) -> dict:
        context = {
            "history": instance.history,
            "input": json.dumps(instance.input),
            "instanceId": instance.id,
            "isReplaying": False,
            "parentInstanceId": instance.parent and instance.parent[0],
            "upperSchemaVersion": 1,
            "upperSchemaVersionNew": 2,
        }
        try:
            return json.loads(self.functions[instance.name](json.dumps(context)))
        except Exception as exc:
            state = str(exc).partition(_OUT_OF_PROC)[2]
            if not state:
                raise
            return json.loads(state)

    def _act(self, instance: Instance, action: dict) -> None:
        number, instance.next_id = instance.next_id, instance.next_id + 1
        if action["actionType"] == CALL_SUB:
            instance.history.append(self._event(Event.SUB_ORCHESTRATION_INSTANCE_CREATED, number))
            child, given = action["instanceId"], json.loads(action["input"])
            self._begin(Instance(child, action["functionName"], given, (instance.id, number)))
            return None
        if action["actionType"] == TIMER:
            instance.history.append(self._event(Event.TIMER_CREATED, number))
            fired = self._event(Event.TIMER_FIRED, TimerId=number)
            return self._work.append(("_step", instance, fired))
        assert action["actionType"] in (CALL, CALL_WITH_RETRY), action
        if action["actionType"] == CALL_WITH_RETRY:
            instance.retries[number] = action, 1
        return self._schedule(instance, number, action)

    def _schedule(self, instance: Instance, number: int, action: dict) -> None:
        name, given = action["functionName"], action["input"]
        instance.history.append(self._event(Event.TASK_SCHEDULED, number, Name=name, Input=given))
        self._work.append(("_activity", instance, number, name, json.loads(given)))

    def _activity(self, instance: Instance, number: int, name: str, given: Any) -> None:
        self.activities.append((name, given))
        try:
            result = self.functions[name](given)
            done = self._event(Event.TASK_COMPLETED, TaskScheduledId=number)
            done["Result"] = json.dumps(result)
        except Exception as exc:
            reason = f"Activity function '{name}' failed: {type(exc).__name__}: {exc}"
            said = {"Reason": reason, "Details": traceback.format_exc()}
            done = self._event(Event.TASK_FAILED, TaskScheduledId=number, **said)
        self._work.append(("_step", instance, done))

    def _retry_later(self, instance: Instance, number: int) -> None:
        timer, instance.next_id = instance.next_id, instance.next_id + 1
        instance.retries[timer] = instance.retries[number]
        instance.history.append(self._event(Event.TIMER_CREATED, timer))
        instance.history.append(self._event(Event.ORCHESTRATOR_COMPLETED))
        self._work.append(("_step", instance, self._event(Event.TIMER_FIRED, TimerId=timer)))

    def _retry(self, instance: Instance, timer: int) -> None:
        action, tried = instance.retries[timer]
        if tried >= action["retryOptions"]["maxNumberOfAttempts"]:
            return
        number, instance.next_id = instance.next_id, instance.next_id + 1
        instance.retries[number] = action, tried + 1
        self._schedule(instance, number, action)

    def _anew(self, instance: Instance, given: Any) -> None:
        instance.generations += 1
        instance.input, instance.history, instance.retries = given, [], {}
        instance.acted = instance.next_id = 0
        self._begin(instance)

    def _end(self, instance: Instance, status: str, output: Any) -> None:
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
                )
            self._work.append(("_step", parent, done))

    def _event(self, kind: Event, number: int = -1, **said: Any) -> dict:
        at = self._now.isoformat()
        about = {"EventType": int(kind), "EventId": number, "IsPlayed": False, "Timestamp": at}
        return {**about, **said}


def _atomic(action: dict) -> list[dict]:
    """WhenAny and WhenAll, unfolded."""
    if "compoundActions" in action:
        return [each for inner in action["compoundActions"] for each in _atomic(inner)]
    return [action]
