"""Plays timer triggers: NCRONTAB schedules in UTC, one run at a time."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.functions import meta

from devhost.functions import TIMER, Indexed, converter, resolved
from devhost.invoker import Invocation, Invoker
from devhost.project import Refused
from devhost.state import State

log = logging.getLogger("devhost.timers")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS timers (function TEXT PRIMARY KEY, last TEXT, next TEXT, updated TEXT)
"""
_LEAST_MONITORED = timedelta(minutes=1)  # the host keeps no status of more frequent ones
_LONGEST_SLEEP_S = 60.0  # the clock may be set, or the laptop may sleep
_NEVER = "0001-01-01T00:00:00"


_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_LIMITS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    *((0, 59, ()), (0, 59, ()), (0, 23, ())),
    *((1, 31, ()), (1, 12, _MONTHS), (0, 6, _DAYS)),
)
"""The least and the greatest value of each field, seconds first, and what they are called."""

_PART = re.compile(r"(\*|[^*/-]+)(?:-([^*/-]+))?(?:/([0-9]{1,9}))?")


def _values(field: str, least: int, most: int, names: tuple[str, ...]) -> list[int]:
    """Returns what a field stands for, as NCrontab reads it: the ends of a range may be swapped,
    a step of 0 is 1, and a name may be cut short. croniter takes more, and some of it otherwise.

    (The app has a check of its own; the host knows nothing of the app that it runs.)
    """

    def number(text: str) -> int:
        if re.fullmatch("[0-9]+", text):
            return int(text)
        return [name.startswith(text.lower()) for name in names].index(True) + least

    values: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None or (match[1] == "*" and match[2]):
            raise ValueError(part)
        if match[1] == "*":
            ends = [least, most]
        else:
            last = number(match[2]) if match[2] else most if match[3] else number(match[1])
            ends = sorted((number(match[1]), last))
        if ends[0] < least or ends[1] > most:
            raise ValueError(part)
        values.update(range(ends[0], ends[1] + 1, max(1, int(match[3] or 1))))
    return sorted(values)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Six fields, seconds first; five are taken for minutes first, as the host does."""

    expression: str
    _values: str
    """The same for croniter: what each field stands for, one by one."""

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Raises ValueError that says what a schedule looks like."""
        from croniter import CroniterError  # most apps have no timer

        parts = [part for part in text.split(" ") if part]
        if len(parts) == 5:
            parts.insert(0, "0")
        try:
            pairs = zip(parts, _LIMITS, strict=True)
            values = [_values(part, *limits) for part, limits in pairs]
            schedule = cls(" ".join(parts), " ".join(",".join(map(str, v)) for v in values))
            schedule.after(datetime.now(UTC))
        except (ValueError, CroniterError) as exc:
            raise ValueError(f"{text!r} is no NCRONTAB expression, such as 0 */5 * * * *") from exc
        return schedule

    def after(self, moment: datetime) -> datetime:
        """The first occurrence later than this. Where both fields of the day say something,
        both must agree, as in NCrontab and unlike in cron."""
        from croniter import croniter

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
