"""The tables of Durable Functions in the host's SQLite file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields

from devhost.durable.events import Event
from devhost.state import State

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
    instance: str
    execution: str
    number: int

    def dumps(self) -> str:
        return json.dumps(astuple(self))


@dataclass(frozen=True, slots=True)
class Instance:
    """A row; JSON as text."""

    id: str
    execution: str
    name: str
    status: str
    input: str
    output: str
    custom: str
    created: float
    updated: float
    parent: str

    @property
    def parent_of_it(self) -> Parent | None:
        return Parent(*json.loads(self.parent)) if self.parent else None


@dataclass(frozen=True, slots=True)
class Activity:
    id: int
    instance: str
    number: int
    name: str
    input: str


class Rows:
    def __init__(self, state: State) -> None:
        self._run = state.run
        for statement in _SCHEMA:
            self._run(statement)

    def find(self, instance: str) -> Instance | None:
        rows = self._run(f"SELECT {_COLUMNS} FROM durable_instances WHERE id = ?", instance)  # noqa: S608
        return Instance(*rows[0]) if rows else None

    def all(self, prefix: str = "") -> list[Instance]:
        """By id."""
        select = f"SELECT {_COLUMNS} FROM durable_instances"  # noqa: S608
        found = self._run(f"{select} WHERE substr(id, 1, ?) = ? ORDER BY id", len(prefix), prefix)
        return [Instance(*row) for row in found]

    def history(self, instance: str) -> list[Event]:
        rows = self._run(
            "SELECT event FROM durable_history WHERE instance = ? ORDER BY at", instance
        )
        return [json.loads(text) for (text,) in rows]

    def ready(self) -> list[str]:
        """Instances with something to take note of, those that have waited longest first."""
        rows = self._run(
            "SELECT m.instance FROM durable_messages m "
            "JOIN durable_instances i ON i.id = m.instance "
            "WHERE m.due <= ? AND i.status IN (?, ?) GROUP BY m.instance ORDER BY MIN(m.id)",
            time.time(),
            *RUNNING,
        )
        return [instance for (instance,) in rows]

    def next_due(self) -> float | None:
        """When a timer runs out or one is terminated, the next time, in seconds since the epoch."""
        now = time.time()
        [(due,)] = self._run(
            "SELECT MIN(due) FROM (SELECT due FROM durable_messages WHERE due > ? "
            "UNION ALL SELECT due FROM durable_terminations WHERE due > ?)",
            *(now, now),
        )
        return due if due is None else float(due)

    def messages(self, instance: str) -> list[tuple[int, Event]]:
        """What is due: the start first, then as they came."""
        rows = self._run(
            "SELECT id, event FROM durable_messages WHERE instance = ? AND due <= ? ORDER BY id",
            instance,
            time.time(),
        )
        return [(number, json.loads(text)) for number, text in rows]

    def activities(self, limit: int) -> list[Activity]:
        columns = "id, instance, number, name, input"
        rows = self._run(f"SELECT {columns} FROM durable_activities ORDER BY id LIMIT ?", limit)  # noqa: S608
        return [Activity(*row) for row in rows]

    def put(self, row: Instance) -> None:
        """In place of the one with this id, if there is one."""
        places = ", ".join("?" * len(fields(row)))
        insert = f"INSERT OR REPLACE INTO durable_instances ({_COLUMNS})"
        self._run(f"{insert} VALUES ({places})", *astuple(row))

    def put_activity(self, instance: str, number: int, name: str, given: str) -> None:
        self._run(
            "INSERT INTO durable_activities (instance, number, name, input) VALUES (?, ?, ?, ?)",
            *(instance, number, name, given),
        )

    def drop_activity(self, activity: Activity) -> bool:
        """False when it is gone already."""
        gone = self._run("DELETE FROM durable_activities WHERE id = ? RETURNING id", activity.id)
        return bool(gone)

    def drop_message(self, message: int) -> None:
        self._run("DELETE FROM durable_messages WHERE id = ?", message)

    def drop_timer(self, instance: str, number: int) -> None:
        self._run("DELETE FROM durable_messages WHERE instance = ? AND timer = ?", instance, number)

    def drop_messages(self, instance: str) -> None:
        self._run("DELETE FROM durable_messages WHERE instance = ?", instance)

    def put_termination(self, instance: str, due: float, reason: str) -> None:
        """The first one counts."""
        insert = "INSERT OR IGNORE INTO durable_terminations VALUES (?, ?, ?)"
        self._run(insert, instance, due, reason)

    def due_terminations(self) -> list[tuple[str, str]]:
        """Instances, and the reasons."""
        rows = self._run(
            "SELECT instance, reason FROM durable_terminations WHERE due <= ?", time.time()
        )
        return [(instance, reason) for instance, reason in rows]

    def drop_termination(self, instance: str) -> None:
        self._run("DELETE FROM durable_terminations WHERE instance = ?", instance)

    def send(self, instance: str, each: Event, due: float = 0.0, timer: int | None = None) -> None:
        self._run(
            "INSERT INTO durable_messages (instance, due, timer, event) VALUES (?, ?, ?, ?)",
            *(instance, due, timer, json.dumps(each)),
        )

    def append(self, instance: str, events: Sequence[Event]) -> None:
        [(at,)] = self._run("SELECT COUNT(*) FROM durable_history WHERE instance = ?", instance)
        for place, each in enumerate(events, at):
            text = json.dumps(each | {"IsPlayed": True})  # whenever it is read again
            self._run("INSERT INTO durable_history VALUES (?, ?, ?)", instance, place, text)

    def forget(self, instance: str) -> None:
        for table, column in _of_instance():
            self._run(f"DELETE FROM {table} WHERE {column} = ?", instance)  # noqa: S608


def _of_instance() -> Iterator[tuple[str, str]]:
    yield "durable_instances", "id"
    yield from ((f"durable_{table}", "instance") for table in ("history", "messages", "activities"))
