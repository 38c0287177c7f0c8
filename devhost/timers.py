"""Plays timer triggers: NCRONTAB schedules in UTC, one run at a time."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.functions import meta

from devhost.indexing import TIMER, Indexed, converter, resolved
from devhost.invoking import Invocation, Invoker
from devhost.project import Refused
from devhost.state import State
from shared_code.ncrontab import parse_schedule

log = logging.getLogger("devhost.timers")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS timers (function TEXT PRIMARY KEY, last TEXT, next TEXT, updated TEXT)
"""
_LEAST_MONITORED = timedelta(minutes=1)  # the host keeps no status of more frequent ones
_LONGEST_SLEEP_S = 60.0  # the clock may be set, or the laptop may sleep
_NEVER = "0001-01-01T00:00:00"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Six fields, seconds first; five are taken for minutes first, as the host does."""

    expression: str
    _values: str
    """The same for croniter: what each field stands for, one by one."""

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Raises ValueError that says what is wrong."""
        parts = text.split(" ")
        expression = text if len([part for part in parts if part]) != 5 else f"0 {text}"
        try:
            values = parse_schedule(expression)
        except ValueError as exc:
            raise ValueError(f"{text!r} is no NCRONTAB expression: {exc}") from exc
        return cls(expression, " ".join(",".join(map(str, field)) for field in values))

    def after(self, moment: datetime) -> datetime:
        """The first occurrence later than this. Where both fields of the day say something,
        both must agree, as in NCrontab and unlike in cron."""
        from croniter import croniter  # most apps have no timer

        found = croniter(self._values, moment, second_at_beginning=True, day_or=False)
        occurrence: datetime = found.get_next(datetime)
        return occurrence


@dataclass(frozen=True, slots=True)
class Status:
    """What the host remembers of a monitored timer, and tells the function."""

    last: str = _NEVER
    next: str = _NEVER
    updated: str = _NEVER

    def is_past_due(self, now: datetime) -> bool:
        return self.next != _NEVER and datetime.fromisoformat(self.next) < now


class Timer:
    """Plays one trigger. Raises Refused for a schedule that the host would not take."""

    def __init__(
        self, function: Indexed, environ: Mapping[str, str], invoke: Invoker, state: State
    ) -> None:
        text = resolved(function, str(function.trigger["schedule"]), environ)
        try:
            self.schedule = Schedule.parse(text)
        except ValueError as exc:
            raise Refused(f"function {function.name}: {exc}") from exc
        self.function = function
        self._invoke = invoke
        self._state = state
        state.run(_SCHEMA)
        self._is_monitored = function.trigger.get("useMonitor") is not False
        first = self.schedule.after(datetime.now(UTC))
        if self.schedule.after(first) - first < _LEAST_MONITORED:
            self._is_monitored = False

    async def run(self) -> None:
        """Until it is cancelled."""
        status, now = self._status(), datetime.now(UTC)
        past_due = status.is_past_due(now)
        if past_due or self.function.trigger.get("runOnStartup"):
            status = await self._occur(status, past_due=past_due)
        while True:
            due = self.schedule.after(datetime.now(UTC))
            status = self._keep(Status(status.last, due.isoformat(), _now()))
            await _sleep_until(due)
            status = await self._occur(status, past_due=False)

    async def _occur(self, status: Status, *, past_due: bool) -> Status:
        began = _now()
        invocation = Invocation(self.function)
        try:
            await self._invoke(invocation, timer_value(status, past_due=past_due))
        except Exception:
            log.exception("%s failed", invocation)
        else:
            log.info("timer  %s%s", self.function.name, " (past due)" if past_due else "")
        return Status(began, status.next, status.updated)

    def _status(self) -> Status:
        rows = self._state.run(
            "SELECT last, next, updated FROM timers WHERE function = ?", self.function.name
        )
        return Status(*rows[0]) if rows and self._is_monitored else Status()

    def _keep(self, status: Status) -> Status:
        if self._is_monitored:
            self._state.run(
                "INSERT OR REPLACE INTO timers VALUES (?, ?, ?, ?)",
                self.function.name,
                status.last,
                status.next,
                status.updated,
            )
        return status


def timer_value(status: Status, *, past_due: bool) -> object:
    """A func.TimerRequest, made by the worker's converter from what the host sends."""
    info = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": {
            "Last": status.last,
            "Next": status.next,
            "LastUpdated": status.updated,
        },
        "IsPastDue": past_due,
    }
    value: object = converter(TIMER).decode(
        meta.Datum(json.dumps(info), "json"), trigger_metadata={}
    )
    return value


def _now() -> str:
    return datetime.now(UTC).isoformat()


async def _sleep_until(due: datetime) -> None:
    while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
        await asyncio.sleep(min(left, _LONGEST_SLEEP_S))
