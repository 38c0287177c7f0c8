"""Plays timer triggers: one run at a time, with the status that Azure's host remembers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.functions import meta

from devhost.functions import TIMER, AppFunction, find_converter, resolve_settings
from devhost.invoker import Invocation, Invoker
from devhost.project import StartupError
from devhost.state import HostState
from devhost.timers.schedule import TimerSchedule

log = logging.getLogger("devhost.timers")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS timers (function TEXT PRIMARY KEY, last TEXT, next TEXT, updated TEXT)
"""
_LEAST_MONITORED = timedelta(minutes=1)  # the host has no status for more frequent timers
_LONGEST_SLEEP_S = 60.0  # the clock may be set, or the laptop may sleep
_NEVER = "0001-01-01T00:00:00"


@dataclass(frozen=True, slots=True)
class TimerStatus:
    """The host's record of a monitored timer, which it passes to the function; ISO times."""

    last: str = _NEVER
    next: str = _NEVER
    updated: str = _NEVER

    def is_past_due(self, now: datetime) -> bool:
        return self.next != _NEVER and datetime.fromisoformat(self.next) < now


class TimerTrigger:
    """Plays one trigger. Raises StartupError for a schedule that Azure's host would refuse."""

    def __init__(
        self,
        function: AppFunction,
        environ: Mapping[str, str],
        invoke: Invoker,
        state: HostState,
    ) -> None:
        text = resolve_settings(function, str(function.trigger["schedule"]), environ)
        try:
            self.schedule = TimerSchedule.parse(text)
        except ValueError as exc:
            raise StartupError(f"function {function.name}: {exc}") from exc
        self.function = function
        self._invoke = invoke
        self._state = state
        state.run(_SCHEMA)
        self._is_monitored = function.trigger.get("useMonitor") is not False
        first = self.schedule.next_after(datetime.now(UTC))
        if self.schedule.next_after(first) - first < _LEAST_MONITORED:
            self._is_monitored = False

    async def run(self) -> None:
        """Runs until it is cancelled."""
        status, now = self._read_status(), datetime.now(UTC)
        past_due = status.is_past_due(now)
        if past_due or self.function.trigger.get("runOnStartup"):
            status = await self._run_once(status, past_due=past_due)
        while True:
            due = self.schedule.next_after(datetime.now(UTC))
            status = self._save(TimerStatus(status.last, due.isoformat(), _now()))
            await _sleep_until(due)
            status = await self._run_once(status, past_due=False)

    async def _run_once(self, status: TimerStatus, *, past_due: bool) -> TimerStatus:
        started = _now()
        invocation = Invocation(self.function)
        try:
            await self._invoke(invocation, make_timer_request(status, past_due=past_due))
        except Exception:
            log.exception("%s failed", invocation)
        else:
            log.info("timer  %s%s", self.function.name, " (past due)" if past_due else "")
        return TimerStatus(started, status.next, status.updated)

    def _read_status(self) -> TimerStatus:
        rows = self._state.run(
            "SELECT last, next, updated FROM timers WHERE function = ?", self.function.name
        )
        return TimerStatus(*rows[0]) if rows and self._is_monitored else TimerStatus()

    def _save(self, status: TimerStatus) -> TimerStatus:
        if self._is_monitored:
            self._state.run(
                "INSERT OR REPLACE INTO timers VALUES (?, ?, ?, ?)",
                self.function.name,
                status.last,
                status.next,
                status.updated,
            )
        return status


def make_timer_request(status: TimerStatus, *, past_due: bool) -> object:
    """Returns a func.TimerRequest, made by the worker's converter from what the host sends."""
    info = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": {
            "Last": status.last,
            "Next": status.next,
            "LastUpdated": status.updated,
        },
        "IsPastDue": past_due,
    }
    value: object = find_converter(TIMER).decode(
        meta.Datum(json.dumps(info), "json"), trigger_metadata={}
    )
    return value


def _now() -> str:
    return datetime.now(UTC).isoformat()


async def _sleep_until(due: datetime) -> None:
    while (rest := (due - datetime.now(UTC)).total_seconds()) > 0:
        await asyncio.sleep(min(rest, _LONGEST_SLEEP_S))
