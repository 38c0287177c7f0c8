"""Timer triggers: schedules as NCrontab reads them, and their play in a real host process."""

import sqlite3
import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from devhost.timers import TimerSchedule, TimerStatus
from tests.devhost.running_host import RunningHost, copy_app, eventually, read_startup_error

SINCE = datetime(2026, 11, 23, 6, 30, 15, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/5 * * * * *", "2026-11-23T06:30:20"),
        ("0 */5 * * * *", "2026-11-23T06:35:00"),
        ("*/5 * * * *", "2026-11-23T06:35:00"),  # five fields: minutes first
        ("0 0 3 * * *", "2026-11-24T03:00:00"),
        ("0 30 9 * * Mon-Fri", "2026-11-23T09:30:00"),
        ("0 0 9 * January Sunday", "2027-01-03T09:00:00"),
        ("0 0 9-17/4 * * 0,6", "2026-11-28T09:00:00"),
        ("0 0 9 * * Sat-Mon", "2026-11-23T09:00:00"),  # its ends are swapped: Monday to Saturday
        ("0 0 0 * * Sun-Sat", "2026-11-24T00:00:00"),
        ("0 0 0 13 * 5", "2027-08-13T00:00:00"),  # the 13th and a Friday, not or
    ],
)
def test_the_next_occurrence(expression, expected):
    assert TimerSchedule.parse(expression).next_after(SINCE).isoformat() == expected + "+00:00"


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "00:05:00", "@hourly", "0 0 0 L * *", "0 0 0 ? * 1", "61 * * * * *",
     "0 0 0 * * 7", "0 0 0 * mondays *", "H * * * * *"],
)  # fmt: skip
def test_what_the_host_would_not_take(expression):
    with pytest.raises(ValueError, match="is not an NCRONTAB expression"):
        TimerSchedule.parse(expression)


def test_a_status_is_past_due_when_its_next_occurrence_is_over():
    assert not TimerStatus().is_past_due(SINCE)
    assert not TimerStatus(next="2026-11-23T07:00:00+00:00").is_past_due(SINCE)
    assert TimerStatus(next="2026-11-23T06:00:00+00:00").is_past_due(SINCE)


@pytest.fixture
def app(tmp_path):
    return copy_app("shop", tmp_path)


def test_a_timer_runs_at_the_start_and_on_time_and_never_overlaps(app):
    with RunningHost(app, OFTEN="* * * * * *", TICK_TAKES_S="1.2") as host:
        eventually(lambda: len(host.events("tick")) >= 3, "three occurrences")
        assert "often                        timer        * * * * * * (UTC)" in host.output()
        ticks = [event["at"] for event in host.events("tick")]
        tocks = [event["at"] for event in host.events("tock")]
    assert all(later >= ended for ended, later in zip(tocks, ticks[1:], strict=False))
    assert all(later - earlier >= 1.2 for earlier, later in pairwise(ticks))
    assert all(at % 1 < 0.5 for at in ticks[1:])  # at the second; a busy machine is a little late
    assert not any(event["past_due"] for event in host.events("tick"))


def test_an_occurrence_missed_while_the_host_was_down_is_made_up_for_once(app):
    with RunningHost(app) as host:
        time.sleep(0.3)
        assert not host.events("timer")
    with sqlite3.connect(app / ".local" / "devhost" / "state.sqlite") as state:
        missed = "2026-01-01T04:00:00+00:00"
        state.execute("UPDATE timers SET next = ? WHERE function = 'nightly'", (missed,))
    state.close()
    for _ in range(2):
        with RunningHost(app) as host:
            eventually(lambda: len(host.events("tick")) >= 1, "the other timer, at the start")
            eventually(lambda: bool(host.events("timer")), "what was missed")
    [event] = host.events("timer")
    assert event["past_due"]
    assert event["status"]["Next"] == missed


def test_a_disabled_function_is_not_played(app):
    settings = {"AzureWebJobs.often.Disabled": "true", "AzureWebJobs__order__Disabled": "1"}
    with RunningHost(app, **settings) as host:
        assert "often is disabled by an app setting" in host.output()
        assert "order is disabled by an app setting" in host.output()
        functions = host.client.get("/admin/host/status").json()["functions"]
        assert {"often", "order"}.isdisjoint(functions)
        time.sleep(0.3)
        assert not host.events("tick")


def test_a_schedule_that_the_host_would_not_take_is_refused(app):
    assert "function often: 'often' is not an NCRONTAB expression" in read_startup_error(
        app, OFTEN="often"
    )
    assert "function often: the app setting OFTEN is not set" in read_startup_error(app, OFTEN="")
