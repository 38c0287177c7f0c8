"""What a bulk job's state means to whoever asks: how far, how fast, how long still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from shared_code.indexing.job_counts import Tally

State: TypeAlias = Literal["queued", "running", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as its orchestration tells of it."""

    id: str
    state: State
    source: dict[str, Any]
    status: dict[str, Any]
    """``Job.status``; empty before the first step."""
    started: datetime
    updated: datetime
    """When its orchestration took its last step."""
    error: str = ""
    phase: str = ""
    """Of a move to another model."""


@dataclass(frozen=True, slots=True)
class JobReport:
    facts: JobFacts
    tally: Tally
    elapsed_s: float

    @property
    def total(self) -> int | None:
        """None until all of the source was listed."""
        return self.listed if self.facts.status.get("is_listed") else None

    @property
    def listed(self) -> int:
        return int(self.facts.status.get("listed", 0))

    @property
    def ended(self) -> datetime | None:
        return self.facts.updated if has_ended(self.facts.state) else None

    @property
    def images_per_s(self) -> float | None:
        return _rate(self.tally.counts["images"], self.elapsed_s)

    @property
    def eta_s(self) -> int | None:
        """None where nothing can be said yet."""
        rate = _rate(self.tally.counts["done"], self.elapsed_s)
        if has_ended(self.facts.state) or self.total is None or not rate:
            return None
        return round(max(0, self.total - self.tally.counts["done"]) / rate)


def has_ended(state: State) -> bool:
    return state in ("completed", "failed", "cancelled")


def may_be_cancelled(facts: JobFacts) -> bool:
    """Whether its flag decides. Until an orchestration is terminated it goes on over activities
    that do nothing any more, and may even come to its end."""
    if facts.state == "completed":
        done = facts.status.get("counts", {}).get("done", 0)
        return bool(done < facts.status.get("listed", 0))
    return facts.state != "cancelled"


def report(facts: JobFacts, parts: Sequence[dict[str, Any]], now: datetime) -> JobReport:
    """``parts``: what the segments in work say of themselves, so far as they do."""
    tally = Tally.of_json(facts.status) if facts.status else Tally()
    for part in parts:
        tally.add(Tally.of_json(part))
    until = facts.updated if has_ended(facts.state) else now
    return JobReport(facts, tally, max(0.0, (until - facts.started).total_seconds()))


def _rate(count: int, seconds: float) -> float | None:
    return count / seconds if count and seconds > 0 else None
