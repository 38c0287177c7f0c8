"""The state of a bulk job and the decisions about it. Pure: the orchestrators only carry them out.

A job works through its source in segments; each is listed once and cut into chunks, and a chunk is
one activity. All their inputs and results are small: a segment's items lie in a blob, and chunks
refer to them by position. Field names are keys of the JSON that Durable Functions keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from shared_code.indexing import JobCounts, fit_status

SEGMENT_ITEMS = 1_000
"""Items of a segment: one listing, one manifest, one sub-orchestration with a history of some
hundred events. A million items make a thousand segments."""

GENERATION = 40
"""Segments until the job continues as new: every step of an orchestration replays its whole
history, and this keeps that below a thousand events. A multiple of the segments that run at one
time, so that the last round of a generation is full."""

MAX_RUNNING_SHOWN = 500
"""Running segments whose own progress is shown; their numbers must fit into a custom status."""

SourceKind: TypeAlias = Literal["container", "feed", "failures"]


@dataclass(frozen=True, slots=True)
class BulkSource:
    """Where a job's items come from."""

    kind: SourceKind
    name: str = ""
    """The prefix of the blobs, or the name of the feed."""
    etag: str = ""
    """The feed's etag: a feed that is replaced during the job is another feed."""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> BulkSource:
        return cls(**document)


@dataclass(frozen=True, slots=True)
class BulkSegment:
    """A listed part of the source. ``chunks`` are ranges in its manifest, the end excluded."""

    number: int
    items: int
    chunks: Sequence[Sequence[int]]
    place: Any
    """Where the next segment begins, as the listing resumes there; None after the last one."""
    merged: int = 0
    """Rows of a feed that were merged into another row's product."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> BulkSegment:
        """Raises RuntimeError for a source that cannot be listed; the job fails with its words."""
        if "error" in document:
            raise RuntimeError(document["error"])
        return cls(**document)


@dataclass(slots=True)
class BulkJob:
    """What a job's orchestration remembers from one generation to the next."""

    id: str
    source: BulkSource
    chunk: int
    """Items of one activity."""
    width: int
    """Segments that run at one time."""
    generation: int = GENERATION
    """Segments until it continues as new."""
    into: str = ""
    """The collection to fill; empty: the one that serves."""
    started: str = ""
    """ISO 8601, UTC. Durable Functions' own start time begins anew with each generation."""
    place: Any = None
    """Where the listing of the next segment begins; None at the very beginning."""
    is_listed: bool = False
    listed: int = 0
    """Items of all segments so far."""
    segments: int = 0
    waiting: list[dict[str, Any]] = field(default_factory=list)
    """Segments that were listed and are not begun yet."""
    tally: JobCounts = field(default_factory=JobCounts)
    running: list[int] = field(default_factory=list)
    """Numbers of the segments that run; their own status shows how far they are."""

    def listing_task(self) -> dict[str, Any]:
        """Returns the input of the activity that lists the next segment."""
        return {
            "job": self.id,
            "into": self.into,
            "source": asdict(self.source),
            "number": self.segments,
            "place": self.place,
            "chunk": self.chunk,
        }

    def note_listed(self, segment: BulkSegment) -> None:
        self.segments += 1
        self.listed += segment.items
        self.tally.by_outcome["merged"] += segment.merged
        self.place = segment.place
        self.is_listed = segment.place is None
        if segment.chunks:
            self.waiting.append(segment.to_json())

    @property
    def can_list_ahead(self) -> bool:
        """Segments are listed before they can run, so that the total is known early; but only so
        many."""
        return not self.is_listed and len(self.waiting) < self.generation

    def begin_segment(self) -> dict[str, Any] | None:
        """Returns the input of the sub-orchestration to begin now; None when enough of them run."""
        if not self.waiting or len(self.running) >= self.width:
            return None
        segment = self.waiting.pop(0)
        self.running.append(segment["number"])
        return {"job": self.id, "into": self.into, "segment": segment}

    def note_done(self, number: int, tally: JobCounts) -> None:
        self.running.remove(number)
        self.tally.add(tally)

    @property
    def is_done(self) -> bool:
        return self.is_listed and not self.waiting and not self.running

    def status(self) -> dict[str, Any]:
        """Returns the custom status: small, whatever the size of the job and of its problems."""
        return fit_status(
            {
                "listed": self.listed,
                "is_listed": self.is_listed,
                "running": self.running[:MAX_RUNNING_SHOWN],
                **self.tally.to_json(),
            }
        )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "tally": self.tally.to_json()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> BulkJob:
        source, tally = BulkSource.from_json(document["source"]), document.get("tally")
        known = {
            **document,
            "source": source,
            "tally": JobCounts.from_json(tally) if tally else JobCounts(),
        }
        return cls(**known)


def part_id(job: str, number: int) -> str:
    """Returns the instance id of a segment's sub-orchestration. It does not begin like a job's
    id, so that listings of jobs hold no segments."""
    return f"part-{job.removeprefix('job-')}-{number:06}"


def manifest_name(job: str, number: int) -> str:
    """Returns the name of the blob that holds a segment's items."""
    return f"jobs/{job}/{number:06}.json"


def cancel_flag_name(job: str) -> str:
    """Returns the name of the blob that tells activities to do nothing: terminating an
    orchestration ends neither its sub-orchestrations nor queued activities."""
    return f"jobs/{job}/cancelled"


def cut_chunks(sizes: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Cuts consecutive groups of these sizes into chunks of about ``limit`` items, as ranges of
    groups; no group is divided."""
    chunks: list[tuple[int, int]] = []
    start = items = 0
    for at, size in enumerate(sizes):
        items += size
        if items >= limit:
            chunks.append((start, at + 1))
            start, items = at + 1, 0
    return [*chunks, (start, len(sizes))] if start < len(sizes) else chunks
