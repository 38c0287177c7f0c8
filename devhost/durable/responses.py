"""Instances and histories in the form in which the HTTP API returns them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from devhost.durable.events import Event, EventKind
from devhost.durable.tables import Instance

_HIDDEN_KINDS = {
    EventKind.OrchestratorStarted,
    EventKind.OrchestratorCompleted,
    EventKind.TaskScheduled,
    EventKind.SubOrchestrationInstanceCreated,
    EventKind.TimerCreated,
}


def format_history(history: Sequence[Event], *, with_results: bool) -> list[dict[str, Any]]:
    """Returns what was started and how it ended, with the names of the functions."""
    scheduled = {event["EventId"]: event for event in history if event["EventId"] >= 0}
    return [
        _format_event(event, scheduled, with_results=with_results)
        for event in history
        if event["EventType"] not in _HIDDEN_KINDS
    ]


def _format_event(
    event: Event, scheduled: Mapping[Any, Event], *, with_results: bool
) -> dict[str, Any]:
    kind = EventKind(event["EventType"])
    formatted: dict[str, Any] = {"EventType": kind.name, "Timestamp": event["Timestamp"]}
    cause = scheduled.get(event.get("TaskScheduledId", event.get("TimerId")))
    if cause is not None:
        formatted["ScheduledTime"] = cause["Timestamp"]
    name = (cause or event).get("Name")
    if name:
        formatted["Name" if kind == EventKind.EventRaised else "FunctionName"] = name
    for key in ("Reason", "Details", "OrchestrationStatus"):
        if key in event:
            formatted[key] = event[key]
    if with_results and "Result" in event:
        formatted["Result"] = json.loads(event["Result"])
    return formatted


def format_status(instance: Instance, *, with_input: bool) -> dict[str, Any]:
    parent = instance.parent
    return {
        "name": instance.name,
        "instanceId": instance.id,
        "runtimeStatus": instance.status,
        "input": json.loads(instance.input) if with_input else None,
        "customStatus": json.loads(instance.custom) if instance.custom else None,
        "output": json.loads(instance.output) if instance.output else None,
        "createdTime": _format_seconds(instance.created),
        "lastUpdatedTime": _format_seconds(instance.updated),
        **({"parentInstanceId": parent.instance} if parent else {}),
    }


def _format_seconds(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
