"""The tables of Durable Functions in the host's SQLite file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields

from devhost.durable.events import Event
from devhost.state import HostState

RUNNING = ("Pending", "Running")
ENDED = ("Completed", "Failed", "Terminated")

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS durable_instances (
    id TEXT PRIMARY KEY, execution TEXT, name TEXT, status TEXT, input TEXT, output TEXT,
    custom TEXT, created REAL, updated REAL, parent TEXT)""",
    """CREATE TABLE IF NOT EXISTS durable_history (
    instance TEXT, at INTEGER, event TEXT, PRIMARY KEY (instance, at)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS durable_messages (
    id INTEGER PRIMARY KEY, instance TEXT, due REAL, timer INTEGER, event TEXT)""",
    "CREATE INDEX IF NOT EXISTS durable_messages_of ON durable_messages (instance)",
    """CREATE TABLE IF NOT EXISTS durable_activities (
    id INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT, number INTEGER, name TEXT, input TEXT)""",
    """CREATE TABLE IF NOT EXISTS durable_terminations (
    instance TEXT PRIMARY KEY, due REAL, reason TEXT)""",
    "CREATE INDEX IF NOT EXISTS durable_activities_of ON durable_activities (instance)",
)
_COLUMNS = "id, execution, name, status, input, output, custom, created, updated, parent"


@dataclass(frozen=True, slots=True)
class Parent:
    """The orchestration that waits for a sub-orchestration."""

    instance: str
    execution: str
    number: int

    def to_json(self) -> str:
        return json.dumps(astuple(self))


@dataclass(frozen=True, slots=True)
class Instance:
    """An orchestration instance: a row of the table, with JSON as text."""

    id: str
    execution: str
    name: str
    status: str
    input: str
    output: str
    custom: str
    created: float
    updated: float
    parent_json: str

    @property
    def parent(self) -> Parent | None:
        return Parent(*json.loads(self.parent_json)) if self.parent_json else None


@dataclass(frozen=True, slots=True)
class Activity:
    """A scheduled activity."""

    id: int
    instance: str
    number: int
    name: str
    input: str


class DurableTables:
    def __init__(self, state: HostState, clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns seconds since the epoch."""
        self._run = state.run
        self._clock = clock
        for statement in _SCHEMA:
            self._run(statement)

    def find(self, instance: str) -> Instance | None:
        rows = self._run(f"SELECT {_COLUMNS} FROM durable_instances WHERE id = ?", instance)  # noqa: S608
        return Instance(*rows[0]) if rows else None

    def list_instances(self, prefix: str = "") -> list[Instance]:
        """Returns those whose id begins with the prefix, in the order of their ids."""
        select = f"SELECT {_COLUMNS} FROM durable_instances"  # noqa: S608
        rows = self._run(f"{select} WHERE substr(id, 1, ?) = ? ORDER BY id", len(prefix), prefix)
        return [Instance(*row) for row in rows]

    def read_history(self, instance: str) -> list[Event]:
        rows = self._run(
            "SELECT event FROM durable_history WHERE instance = ? ORDER BY at", instance
        )
        return [json.loads(text) for (text,) in rows]

    def list_ready(self) -> list[str]:
        """Returns the ids of instances with messages that are due, the longest waiting first."""
        rows = self._run(
            "SELECT m.instance FROM durable_messages m "
            "JOIN durable_instances i ON i.id = m.instance "
            "WHERE m.due <= ? AND i.status IN (?, ?) GROUP BY m.instance ORDER BY MIN(m.id)",
            self._clock(),
            *RUNNING,
        )
        return [instance for (instance,) in rows]

    def next_due(self) -> float | None:
        """Returns when the next timer fires or the next termination takes effect, in seconds since
        the epoch; None when nothing is waiting."""
        now = self._clock()
        [(due,)] = self._run(
            "SELECT MIN(due) FROM (SELECT due FROM durable_messages WHERE due > ? "
            "UNION ALL SELECT due FROM durable_terminations WHERE due > ?)",
            *(now, now),
        )
        return due if due is None else float(due)

    def list_due_messages(self, instance: str) -> list[tuple[int, Event]]:
        """Returns row ids and events, in the order in which they were sent."""
        rows = self._run(
            "SELECT id, event FROM durable_messages WHERE instance = ? AND due <= ? ORDER BY id",
            instance,
            self._clock(),
        )
        return [(row_id, json.loads(text)) for row_id, text in rows]

    def list_activities(self, limit: int) -> list[Activity]:
        columns = "id, instance, number, name, input"
        rows = self._run(f"SELECT {columns} FROM durable_activities ORDER BY id LIMIT ?", limit)  # noqa: S608
        return [Activity(*row) for row in rows]

    def put(self, row: Instance) -> None:
        """Replaces the instance with this id, if there is one."""
        placeholders = ", ".join("?" * len(fields(row)))
        insert = f"INSERT OR REPLACE INTO durable_instances ({_COLUMNS})"
        self._run(f"{insert} VALUES ({placeholders})", *astuple(row))

    def put_activity(self, instance: str, number: int, name: str, activity_input: str) -> None:
        self._run(
            "INSERT INTO durable_activities (instance, number, name, input) VALUES (?, ?, ?, ?)",
            *(instance, number, name, activity_input),
        )

    def delete_activity(self, activity: Activity) -> bool:
        """Returns False when it was deleted before."""
        delete = "DELETE FROM durable_activities WHERE id = ? RETURNING id"
        return bool(self._run(delete, activity.id))

    def delete_message(self, row_id: int) -> None:
        self._run("DELETE FROM durable_messages WHERE id = ?", row_id)

    def delete_timer(self, instance: str, number: int) -> None:
        self._run("DELETE FROM durable_messages WHERE instance = ? AND timer = ?", instance, number)

    def delete_messages(self, instance: str) -> None:
        self._run("DELETE FROM durable_messages WHERE instance = ?", instance)

    def put_termination(self, instance: str, due: float, reason: str) -> None:
        """Keeps the first one where there are several for an instance."""
        insert = "INSERT OR IGNORE INTO durable_terminations VALUES (?, ?, ?)"
        self._run(insert, instance, due, reason)

    def list_due_terminations(self) -> list[tuple[str, str]]:
        """Returns instance ids and reasons."""
        rows = self._run(
            "SELECT instance, reason FROM durable_terminations WHERE due <= ?", self._clock()
        )
        return [(instance, reason) for instance, reason in rows]

    def delete_termination(self, instance: str) -> None:
        self._run("DELETE FROM durable_terminations WHERE instance = ?", instance)

    def send(self, instance: str, event: Event, due: float = 0.0, timer: int | None = None) -> None:
        """Queues an event for an orchestration; ``timer`` is the number of a timer that fires."""
        self._run(
            "INSERT INTO durable_messages (instance, due, timer, event) VALUES (?, ?, ?, ?)",
            *(instance, due, timer, json.dumps(event)),
        )

    def append(self, instance: str, events: Sequence[Event]) -> None:
        [(length,)] = self._run("SELECT COUNT(*) FROM durable_history WHERE instance = ?", instance)
        for position, event in enumerate(events, length):
            text = json.dumps(event | {"IsPlayed": True})  # it has been by the time it is read
            self._run("INSERT INTO durable_history VALUES (?, ?, ?)", instance, position, text)

    def delete_instance(self, instance: str) -> None:
        """Deletes its history, messages and activities too."""
        for table, column in _instance_tables():
            self._run(f"DELETE FROM {table} WHERE {column} = ?", instance)  # noqa: S608


def _instance_tables() -> Iterator[tuple[str, str]]:
    yield "durable_instances", "id"
    yield from ((f"durable_{table}", "instance") for table in ("history", "messages", "activities"))
