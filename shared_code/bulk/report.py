"""The report of a bulk job: how far it is, how fast, and how long it still takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from shared_code.indexing import JobCounts

State: TypeAlias = Literal["queued", "running", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as its orchestration describes it."""

    id: str
    state: State
    source: dict[str, Any]
    status: dict[str, Any]
    """``BulkJob.status``; empty before the first step."""
    started: datetime
    updated: datetime
    """When its orchestration took its last step."""
    error: str = ""
    phase: str = ""
    """The phase of a move to another model; empty for other jobs."""


@dataclass(frozen=True, slots=True)
class JobReport:
    facts: JobFacts
    tally: JobCounts
    elapsed_s: float

    @property
    def total(self) -> int | None:
        """None until the whole source was listed."""
        return self.listed if self.facts.status.get("is_listed") else None

    @property
    def listed(self) -> int:
        return int(self.facts.status.get("listed", 0))

    @property
    def ended(self) -> datetime | None:
        return self.facts.updated if has_ended(self.facts.state) else None

    @property
    def images_per_s(self) -> float | None:
        return _rate(self.tally.by_outcome["images"], self.elapsed_s)

    @property
    def eta_s(self) -> int | None:
        """None where it cannot be estimated yet."""
        rate = _rate(self.tally.by_outcome["done"], self.elapsed_s)
        if has_ended(self.facts.state) or self.total is None or not rate:
            return None
        return round(max(0, self.total - self.tally.by_outcome["done"]) / rate)


def has_ended(state: State) -> bool:
    return state in ("completed", "failed", "cancelled")


def is_cancellable(facts: JobFacts) -> bool:
    """Returns whether the cancel flag decides about the job. Until its orchestration is
    terminated it goes on with activities that do nothing any more, and may even complete."""
    if facts.state == "completed":
        done = facts.status.get("counts", {}).get("done", 0)
        return bool(done < facts.status.get("listed", 0))
    return facts.state != "cancelled"


def summarize_job(facts: JobFacts, parts: Sequence[dict[str, Any]], now: datetime) -> JobReport:
    """Sums up a job. ``parts`` are the custom statuses of the segments that run, where they have
    one."""
    tally = JobCounts.from_json(facts.status) if facts.status else JobCounts()
    for part in parts:
        tally.add(JobCounts.from_json(part))
    until = facts.updated if has_ended(facts.state) else now
    return JobReport(facts, tally, max(0.0, (until - facts.started).total_seconds()))


def _rate(count: int, seconds: float) -> float | None:
    return count / seconds if count and seconds > 0 else None
