"""What became of the items of a bulk job."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared_code.indexing.texts import Outcome

MAX_PROBLEMS = 10
"""Shown with a job. Each is in the log as well, and those of blobs among the failures."""

MAX_REASON = 200

MAX_STATUS_BYTES = 15 * 1024
"""Of a custom status as JSON in UTF-16. Durable Functions fail an orchestration above 16 KB."""

_ESCAPED_BY_DOTNET = ("\x85", "\u2028", "\u2029")
"""Python writes these as they are, .NET as six characters."""


@dataclass(slots=True)
class JobCounts:
    """What became of items so far."""

    by_outcome: Counter[str] = field(default_factory=Counter)
    """By outcome; ``done`` items in all, ``images`` that were embedded."""
    problems: list[dict[str, Any]] = field(default_factory=list)
    """The first ones: what (a blob, a row, a URL), and the reason."""

    def note(self, outcome: Outcome, *, items: int = 1) -> None:
        self.by_outcome[outcome] += items
        self.by_outcome["done"] += items

    def fail(self, what: str, reason: str, *, items: int = 1) -> None:
        """``items``: 0 for a part of an item, such as one picture of several."""
        self.by_outcome["failed"] += 1
        self.by_outcome["done"] += items
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append({"what": what[:MAX_REASON], "reason": reason[:MAX_REASON]})

    def add(self, other: JobCounts) -> None:
        self.by_outcome.update(other.by_outcome)
        self.problems = [*self.problems, *other.problems][:MAX_PROBLEMS]

    def to_json(self) -> dict[str, Any]:
        return {"counts": dict(self.by_outcome), "problems": self.problems}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> JobCounts:
        return cls(Counter(document["counts"]), list(document["problems"]))


def fit_status(status: dict[str, Any]) -> dict[str, Any]:
    """Returns the status with as many of its first problems as Durable Functions can keep."""
    problems = list(status["problems"])
    while problems and _status_bytes({**status, "problems": problems}) > MAX_STATUS_BYTES:
        problems.pop()
    return {**status, "problems": problems}


def _status_bytes(status: dict[str, Any]) -> int:
    text = json.dumps(status, ensure_ascii=False, separators=(",", ":"))
    escapes = sum(text.count(character) for character in _ESCAPED_BY_DOTNET)
    return len(text.encode("utf-16-le", "surrogatepass")) + escapes * 2 * 5
