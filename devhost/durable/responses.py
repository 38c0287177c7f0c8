"""Instances and histories as Durable Functions' HTTP API shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from devhost.durable.events import Event, Kind
from devhost.durable.tables import Instance


def shown(history: list[Event], *, results: bool) -> list[dict[str, Any]]:
    """As the API shows a history: what began and what came of it, by the functions' names."""
    scheduled = {each["EventId"]: each for each in history if each["EventId"] >= 0}
    return [
        _shown(each, scheduled, results=results)
        for each in history
        if each["EventType"] not in _UNSHOWN
    ]


_UNSHOWN = {
    Kind.OrchestratorStarted,
    Kind.OrchestratorCompleted,
    Kind.TaskScheduled,
    Kind.SubOrchestrationInstanceCreated,
    Kind.TimerCreated,
}


def _shown(each: Event, scheduled: Mapping[Any, Event], *, results: bool) -> dict[str, Any]:
    kind = Kind(each["EventType"])
    said: dict[str, Any] = {"EventType": kind.name, "Timestamp": each["Timestamp"]}
    before = scheduled.get(each.get("TaskScheduledId", each.get("TimerId")))
    if before is not None:
        said["ScheduledTime"] = before["Timestamp"]
    name = (before or each).get("Name")
    if name:
        said["Name" if kind == Kind.EventRaised else "FunctionName"] = name
    for key in ("Reason", "Details", "OrchestrationStatus"):
        if key in each:
            said[key] = each[key]
    if results and "Result" in each:
        said["Result"] = json.loads(each["Result"])
    return said


def status_of(each: Instance, *, with_input: bool) -> dict[str, Any]:
    parent = each.parent_of_it
    return {
        "name": each.name,
        "instanceId": each.id,
        "runtimeStatus": each.status,
        "input": json.loads(each.input) if with_input else None,
        "customStatus": json.loads(each.custom) if each.custom else None,
        "output": json.loads(each.output) if each.output else None,
        "createdTime": _time(each.created),
        "lastUpdatedTime": _time(each.updated),
        **({"parentInstanceId": parent.instance} if parent else {}),
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
