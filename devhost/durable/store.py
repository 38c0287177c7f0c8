"""What becomes of instances, one transaction each.

A step of an orchestration keeps its history and the work that it begins together or not at all.
An activity is forgotten in the transaction that keeps its result, so one that a kill cut off
runs again.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from devhost.durable.events import Kind, event
from devhost.durable.replay import Decision
from devhost.durable.step import Step
from devhost.durable.tables import ENDED, Activity, Instance, Parent, Rows
from devhost.state import State

log = logging.getLogger("devhost.durable")


class AlreadyRunning(Exception):
    """Its text is the status of the one that has the id."""


class Store:
    def __init__(self, state: State) -> None:
        self._transaction = state.transaction
        self.rows = Rows(state)

    def start(self, instance: str, name: str, given: Any, parent: Parent | None = None) -> None:
        """``given``: JSON value. Raises AlreadyRunning for a caller's; a sub-orchestration takes
        the place of whatever has its id."""
        with self._transaction():
            running = self._running(instance)
            if running and parent is None:
                raise AlreadyRunning(running.status)
            if running:
                log.warning("%s is begun anew while it runs: who waits for it waits on", instance)
            self.rows.forget(instance)
            self.rows.drop_termination(instance)
            self._begin(instance, name, json.dumps(given), parent)

    def _running(self, instance: str) -> Instance | None:
        row = self.rows.find(instance)
        return row if row and row.status not in ENDED else None

    def _begin(self, instance: str, name: str, given: str, parent: Parent | None) -> Instance:
        now, execution = time.time(), uuid.uuid4().hex
        row = Instance(
            *(instance, execution, name, "Pending", given, "", "", now, now),
            parent.dumps() if parent else "",
        )
        self.rows.put(row)
        whose = {"InstanceId": instance, "ExecutionId": execution}
        about = {"OrchestrationInstance": whose, "Name": name, "Version": "", "Input": given}
        self.rows.send(instance, event(Kind.ExecutionStarted, **about))
        return row

    def raise_event(self, instance: str, name: str, given: str) -> None:
        """``given``: JSON as text."""
        self.rows.send(instance, event(Kind.EventRaised, Name=name, Input=given))

    def keep(self, of: Instance, step: Step, taken: Sequence[int]) -> None:
        """What a step came to; nothing if the instance was ended or replaced meanwhile."""
        with self._transaction():
            now = self._running(of.id)
            if now is None or now.execution != of.execution:
                return
            for message in taken:
                self.rows.drop_message(message)
            self.rows.append(of.id, step.events)
            status = now.status if now.status == "Suspended" else "Running"
            custom = now.custom if step.custom_status is None else json.dumps(step.custom_status)
            row = replace(now, status=status, custom=custom)
            if step.anew:
                self._anew(row, step)
            elif step.ended:
                self._end(row, step.ended, step.output, details=step.details)
            else:
                self._begin_work(row, step)

    def _begin_work(self, row: Instance, step: Step) -> None:
        self.rows.put(replace(row, updated=time.time()))
        for decision in step.begun:
            self._begin_one(row, decision)
        for number in step.cancelled:
            self.rows.drop_timer(row.id, number)

    def _begin_one(self, row: Instance, decision: Decision) -> None:
        number, name = decision.number, decision.name
        if decision.kind == Kind.TimerCreated:
            fired = event(Kind.TimerFired, TimerId=number)
            self.rows.send(row.id, fired, decision.due, number)
        elif decision.kind == Kind.SubOrchestrationInstanceCreated:
            child = decision.instance or f"{row.execution}:{number:04x}"
            self.start(child, name, decision.input, Parent(row.id, row.execution, number))
        else:
            self.rows.put_activity(row.id, number, name, decision.input)

    def _anew(self, row: Instance, step: Step) -> None:
        """External events that nobody has waited for yet go along, and only they."""
        waiting = [each for _, each in self.rows.messages(row.id)]
        raised = [each for each in waiting if each["EventType"] == Kind.EventRaised]
        self.rows.forget(row.id)
        begun = self._begin(row.id, row.name, json.dumps(step.output), row.parent_of_it)
        self.rows.put(replace(begun, status=row.status, custom=row.custom))
        for each in [*step.unconsumed, *raised]:
            self.rows.send(row.id, each | {"IsPlayed": False})

    def _end(self, row: Instance, status: str, output: Any, *, details: str = "") -> None:
        self.rows.drop_messages(row.id)
        text = json.dumps(output)
        self.rows.put(replace(row, status=status, output=text, updated=time.time()))
        parent = row.parent_of_it
        if parent is not None:
            self._tell(parent, status, output, details)

    def _tell(self, parent: Parent, status: str, output: Any, details: str) -> None:
        waiting = self._running(parent.instance)
        if waiting is None or waiting.execution != parent.execution:
            return
        fields: dict[str, Any] = {"Result": json.dumps(output)}
        kind = Kind.SubOrchestrationInstanceCompleted
        if status != "Completed":
            kind = Kind.SubOrchestrationInstanceFailed
            fields = {"Reason": output, "Details": details or None}
        self.rows.send(parent.instance, event(kind, TaskScheduledId=parent.number, **fields))

    def finish(self, activity: Activity, kind: Kind, **fields: str) -> None:
        """Keeps what an activity came to, unless its orchestration has ended meanwhile."""
        with self._transaction():
            if self.rows.drop_activity(activity) and self._running(activity.instance):
                done = event(kind, TaskScheduledId=activity.number, **fields)
                self.rows.send(activity.instance, done)

    def terminate(self, instance: str, reason: str, *, after_s: float = 0.0) -> None:
        """As in Azure it goes on until the message arrives."""
        self.rows.put_termination(instance, time.time() + after_s, reason)

    def terminate_due(self) -> None:
        """What was queued by then still runs, and so do its sub-orchestrations, as in Azure."""
        for instance, reason in self.rows.due_terminations():
            with self._transaction():
                self.rows.drop_termination(instance)
                running = self._running(instance)
                if running:
                    self.rows.append(instance, [event(Kind.ExecutionTerminated, Input=reason)])
                    self._end(running, "Terminated", reason)

    def suspend(self, instance: str, reason: str, *, on: bool) -> None:
        """What comes meanwhile waits."""
        kind = Kind.ExecutionSuspended if on else Kind.ExecutionResumed
        with self._transaction():
            running = self._running(instance)
            if running and (running.status == "Suspended") != on:
                self.rows.append(instance, [event(kind, Reason=reason)])
                row = replace(running, status="Suspended" if on else "Running")
                self.rows.put(replace(row, output=json.dumps(reason), updated=time.time()))
