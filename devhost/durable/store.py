"""Stores instances and their work; each change is one transaction.

A step of an orchestration stores its history and the work that it starts together or not at all.
An activity is deleted in the transaction that stores its result, so one that a kill cut off runs
again.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from devhost.durable.events import Event, EventKind, make_event
from devhost.durable.replay import Decision
from devhost.durable.step import OrchestrationStep
from devhost.durable.tables import ENDED, Activity, DurableTables, Instance, Parent
from devhost.state import HostState

log = logging.getLogger("devhost.durable")


class AlreadyRunning(Exception):
    """Another instance has this id; the text is its status."""


class DurableStore:
    def __init__(self, state: HostState, clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns seconds since the epoch."""
        self._transaction = state.transaction
        self.clock = clock
        self.tables = DurableTables(state, clock)

    def start(
        self, instance: str, name: str, input_value: Any, parent: Parent | None = None
    ) -> None:
        """``input_value`` is a JSON value. Raises AlreadyRunning, but not for a sub-orchestration,
        which replaces whatever has its id."""
        with self._transaction():
            running = self._find_running(instance)
            if running and parent is None:
                raise AlreadyRunning(running.status)
            if running:
                log.warning(
                    "%s is started anew while it runs: what waits for the first one waits forever",
                    instance,
                )
            self.tables.delete_instance(instance)
            self.tables.delete_termination(instance)
            self._create_instance(instance, name, json.dumps(input_value), parent)

    def _find_running(self, instance: str) -> Instance | None:
        row = self.tables.find(instance)
        return row if row and row.status not in ENDED else None

    def _create_instance(
        self, instance: str, name: str, input_json: str, parent: Parent | None
    ) -> Instance:
        now, execution = self.clock(), uuid.uuid4().hex
        row = Instance(
            *(instance, execution, name, "Pending", input_json, "", "", now, now),
            parent.to_json() if parent else "",
        )
        self.tables.put(row)
        identity = {"InstanceId": instance, "ExecutionId": execution}
        fields = {"OrchestrationInstance": identity, "Name": name, "Version": ""}
        self.tables.send(
            instance, self._make_event(EventKind.ExecutionStarted, **fields, Input=input_json)
        )
        return row

    def _make_event(self, kind: EventKind, **fields: Any) -> Event:
        return make_event(kind, at=self.clock(), **fields)

    def raise_event(self, instance: str, name: str, input_json: str) -> None:
        self.tables.send(
            instance, self._make_event(EventKind.EventRaised, Name=name, Input=input_json)
        )

    def save_step(
        self, before: Instance, step: OrchestrationStep, message_ids: Sequence[int]
    ) -> None:
        """Stores the outcome of a step that consumed these messages; stores nothing if the instance
        has ended or was replaced meanwhile. ``before`` is the row that the step was run on."""
        with self._transaction():
            current = self._find_running(before.id)
            if current is None or current.execution != before.execution:
                return
            for message_id in message_ids:
                self.tables.delete_message(message_id)
            self.tables.append(before.id, step.events)
            status = current.status if current.status == "Suspended" else "Running"
            custom = step.custom_status
            custom_json = current.custom if custom is None else json.dumps(custom)
            row = replace(current, status=status, custom=custom_json)
            if step.next_input is not None:
                self._continue_as_new(row, step.next_input, step.unconsumed_events)
            elif step.end_status:
                self._end(row, step.end_status, step.output, details=step.error_details)
            else:
                self._start_work(row, step)

    def _start_work(self, row: Instance, step: OrchestrationStep) -> None:
        self.tables.put(replace(row, updated=self.clock()))
        for decision in step.decisions:
            self._carry_out(row, decision)
        for number in step.cancelled_timers:
            self.tables.delete_timer(row.id, number)

    def _carry_out(self, row: Instance, decision: Decision) -> None:
        number, name = decision.number, decision.name
        if decision.kind == EventKind.TimerCreated:
            timer_fired = self._make_event(EventKind.TimerFired, TimerId=number)
            self.tables.send(row.id, timer_fired, decision.due, number)
        elif decision.kind == EventKind.SubOrchestrationInstanceCreated:
            child = decision.instance or f"{row.execution}:{number:04x}"
            self.start(child, name, decision.input, Parent(row.id, row.execution, number))
        else:
            self.tables.put_activity(row.id, number, name, decision.input)

    def _continue_as_new(self, row: Instance, next_input: str, unconsumed: Sequence[Event]) -> None:
        """Passes on external events that nothing has waited for yet, and no other message."""
        due = [event for _, event in self.tables.list_due_messages(row.id)]
        raised = [event for event in due if event["EventType"] == EventKind.EventRaised]
        self.tables.delete_instance(row.id)
        new_row = self._create_instance(row.id, row.name, json.dumps(next_input), row.parent)
        self.tables.put(replace(new_row, status=row.status, custom=row.custom))
        for event in [*unconsumed, *raised]:
            self.tables.send(row.id, event | {"IsPlayed": False})

    def _end(self, row: Instance, status: str, output: Any, *, details: str = "") -> None:
        self.tables.delete_messages(row.id)
        output_json = json.dumps(output)
        self.tables.put(replace(row, status=status, output=output_json, updated=self.clock()))
        if row.parent is not None:
            self._notify_parent(row.parent, status, output, details)

    def _notify_parent(self, parent: Parent, status: str, output: Any, details: str) -> None:
        waiting = self._find_running(parent.instance)
        if waiting is None or waiting.execution != parent.execution:
            return
        fields: dict[str, Any] = {"Result": json.dumps(output)}
        kind = EventKind.SubOrchestrationInstanceCompleted
        if status != "Completed":
            kind = EventKind.SubOrchestrationInstanceFailed
            fields = {"Reason": output, "Details": details or None}
        ended = self._make_event(kind, TaskScheduledId=parent.number, **fields)
        self.tables.send(parent.instance, ended)

    def finish_activity(self, activity: Activity, kind: EventKind, **fields: str) -> None:
        """Stores the result of an activity, unless its orchestration has ended meanwhile."""
        with self._transaction():
            if self.tables.delete_activity(activity) and self._find_running(activity.instance):
                ended = self._make_event(kind, TaskScheduledId=activity.number, **fields)
                self.tables.send(activity.instance, ended)

    def terminate(self, instance: str, reason: str, *, after_s: float = 0.0) -> None:
        """Ends the instance after a while; it runs on until then, as in Azure."""
        self.tables.put_termination(instance, self.clock() + after_s, reason)

    def apply_due_terminations(self) -> None:
        """Ends instances. Their queued activities and sub-orchestrations run on, as in Azure."""
        for instance, reason in self.tables.list_due_terminations():
            with self._transaction():
                self.tables.delete_termination(instance)
                running = self._find_running(instance)
                if running:
                    terminated = self._make_event(EventKind.ExecutionTerminated, Input=reason)
                    self.tables.append(instance, [terminated])
                    self._end(running, "Terminated", reason)

    def suspend(self, instance: str, reason: str) -> None:
        """Messages that arrive while it is suspended wait."""
        self._switch(instance, reason, EventKind.ExecutionSuspended, "Suspended")

    def resume(self, instance: str, reason: str) -> None:
        self._switch(instance, reason, EventKind.ExecutionResumed, "Running")

    def _switch(self, instance: str, reason: str, kind: EventKind, status: str) -> None:
        with self._transaction():
            running = self._find_running(instance)
            if running and (running.status == "Suspended") != (status == "Suspended"):
                self.tables.append(instance, [self._make_event(kind, Reason=reason)])
                row = replace(running, status=status, output=json.dumps(reason))
                self.tables.put(replace(row, updated=self.clock()))
