"""Schedules are read as the host's library NCrontab reads them."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devhost.timers import TimerSchedule
from shared_code.domain.errors import Misconfigured
from shared_code.ncrontab import parse_schedule
from shared_code.settings import Settings, trigger_settings

ACCEPTED = [
    "0 0 3 * * *",
    "*/5 * * * * *",
    "0 */30 9-17 * * 1-5",
    "0 0 9-17/4 * Jan,Feb Mon",
    "0  0   3 * * *",
    "0 0 9 * january SUNDAY",
    "0 0 9 * J S",
    "0 15,45 * 1,15 * *",
    "0 50/5 * * * *",
    "0 0 0 29 2 *",
    "0 0 0 31 1,2 *",
    "00 05 03 * * *",
    "0 0 22-2 * * Fri-Mon",
]
REFUSED = [
    ("99 99 99 * * *", "99 is no second: 0 to 59"),
    ("0 60 * * * *", "60 is no minute: 0 to 59"),
    ("0 0 24 * * *", "24 is no hour: 0 to 23"),
    ("0 0 0 0 * *", "0 is no day of the month: 1 to 31"),
    ("0 0 0 32 * *", "32 is no day of the month"),
    ("0 0 0 * 13 *", "13 is no month: 1 to 12, or a name"),
    ("0 0 0 * * 7", "7 is no day of the week: 0 to 6, or a name"),
    ("0 0 0 * * 1-7", "7 is no day of the week"),
    ("0 0 0 ? * *", "'?' is no day of the month"),
    ("0 0 0 L * *", "'L' is no day of the month"),
    ("0 0 0 * mondays *", "'mondays' is no month"),
    ("Jan 0 0 * * *", "'Jan' is no second"),
    ("0 1,,2 * * * *", "'' is no minute"),
    ("0 1, * * * *", "'' is no minute"),
    ("0 5- * * * *", "'' is no minute"),
    ("0 -5 * * * *", "'' is no minute"),
    ("0 1-2-3 * * * *", "'2-3' is no minute"),
    ("0 /5 * * * *", "'' is no minute"),
    ("0 */ * * * *", "'' is no step"),
    ("0 */x * * * *", "'x' is no step"),
    ("0 60/5 * * * *", "60 is no minute"),
    ("0 *5 * * * *", "'*5' is no minute"),
    ("0 0 3 \u0661 * *", "is no day of the month"),  # a digit, though not ours
    ("0 0 3 99999999999 * *", "is no day of the month"),
    ("nightly", "six fields, seconds first"),
    ("0 3 * * *", "six fields, seconds first"),
    ("0 0 3 * * * *", "six fields, seconds first"),
    ("00:30:00", "six fields, seconds first"),
    ("0 0 0 30 2 *", "no such day"),
    ("0 0 0 31 4,6,9,11 *", "no such day"),
]


@pytest.mark.parametrize(
    ("text", "field", "values"),
    [
        ("*/20 * * * * *", 0, [0, 20, 40]),
        ("0 50/5 * * * *", 1, [50, 55]),
        ("0 0 9-17/4 * * *", 2, [9, 13, 17]),
        ("0 0 22-2 * * *", 2, list(range(2, 23))),  # the ends of a range are swapped
        ("0 0 0 15,1,1-3 * *", 3, [1, 2, 3, 15]),
        ("0 0 0 * j *", 4, [1]),  # the first name that begins so
        ("0 0 0 * * Fri-Mon", 5, [1, 2, 3, 4, 5]),
        ("0 */0 * * * *", 1, list(range(60))),
    ],
)
def test_the_values_of_a_field(text, field, values):
    assert parse_schedule(text)[field] == values


@pytest.mark.parametrize("cron", ACCEPTED)
def test_a_schedule_that_the_host_accepts_registers_a_timer(cron):
    assert trigger_settings({"RECONCILE_CRON": cron}).reconcile_cron == cron
    assert Settings.from_env({"RECONCILE_CRON": cron}).reconcile_cron == cron
    assert TimerSchedule.parse(cron)


@pytest.mark.parametrize(("cron", "reason"), REFUSED)
def test_a_schedule_that_the_host_refuses_is_named_with_the_reason(cron, reason):
    assert trigger_settings({"RECONCILE_CRON": cron}).reconcile_cron == ""
    with pytest.raises(Misconfigured, match="RECONCILE_CRON=.*" + re.escape(reason)):
        Settings.from_env({"RECONCILE_CRON": cron})
    if len(cron.split()) == 6:  # it takes five as well, minutes first
        with pytest.raises(ValueError, match="is not an NCRONTAB expression"):
            TimerSchedule.parse(cron)


PARTS = st.sampled_from(
    [
        *("*", "?", "0", "1", "7", "12", "31", "59", "60", "99", "1-5", "5-1", "*/7", "3/4"),
        *("1,2,30", "Jan", "mon", "Sun-Sat", "1-", "*/", "MAY,dec"),
    ]
)
SINCE = datetime(2026, 11, 23, 6, 30, 15, tzinfo=UTC)


@given(st.lists(PARTS, min_size=6, max_size=6).map(" ".join))
@example("0 0 0 29 2 Mon")
@example("0 0 22-2 31 * Fri-Mon")
def test_the_dev_host_accepts_what_the_app_registers(cron):
    """Each has its own parser: the host knows nothing of the app that it runs."""
    if not trigger_settings({"RECONCILE_CRON": cron}).reconcile_cron:
        with pytest.raises(ValueError, match="is not an NCRONTAB expression"):
            TimerSchedule.parse(cron)
        return
    seconds, minutes, hours, days, months, weekdays = parse_schedule(cron)
    due = TimerSchedule.parse(cron).next_after(SINCE)
    assert due > SINCE
    assert (due.second in seconds, due.minute in minutes, due.hour in hours) == (True,) * 3
    assert (due.day in days, due.month in months) == (True, True)
    assert due.isoweekday() % 7 in weekdays
