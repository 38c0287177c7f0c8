"""Replays of small histories, without a host."""

from devhost.durable.events import EventKind, make_event
from devhost.durable.replay import ACTIVITY_WITH_RETRY, Replay

STARTED_AT, FAILED_AT = 1_000.0, 1_060.0
RETRIED_CALL = {
    "actionType": ACTIVITY_WITH_RETRY,
    "functionName": "work",
    "input": "1",
    "retryOptions": {"firstRetryIntervalInMilliseconds": 15_000, "maxNumberOfAttempts": 2},
}


def make_history():
    """The first attempt has failed, and the orchestrator runs for the second time."""
    return [
        make_event(EventKind.OrchestratorStarted, at=STARTED_AT),
        make_event(EventKind.ExecutionStarted, at=STARTED_AT),
        make_event(EventKind.TaskScheduled, 0, at=STARTED_AT, Name="work", Input="1"),
        make_event(EventKind.OrchestratorStarted, at=FAILED_AT),
        make_event(EventKind.TaskFailed, at=FAILED_AT, TaskScheduledId=0),
    ]


def test_the_pause_before_a_retry_begins_at_the_time_of_the_history():
    [timer] = Replay([RETRIED_CALL]).run(make_history()).decisions.values()
    assert (timer.kind, timer.number) == (EventKind.TimerCreated, 1)
    assert timer.due == FAILED_AT + 15


def test_the_second_attempt_starts_when_the_timer_fires():
    history = [
        *make_history(),
        make_event(EventKind.TimerCreated, 1, at=FAILED_AT),
        make_event(EventKind.TimerFired, at=FAILED_AT + 15, TimerId=1),
    ]
    replay = Replay([RETRIED_CALL]).run(history)
    [attempt] = replay.decisions.values()
    assert (attempt.kind, attempt.number, attempt.name) == (EventKind.TaskScheduled, 2, "work")
    assert not replay.is_finished
