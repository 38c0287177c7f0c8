"""What a bulk job is and what it has come to. Pure: the orchestrators only carry this out.

A job goes through its source in segments, each of which was listed once and is cut into chunks;
a chunk is one activity. Inputs and results of all of them are small: a segment's items lie in a
blob, which chunks refer to by position.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from shared_code.indexing.job_counts import Tally, fit_status

SEGMENT_ITEMS = 1_000
"""One listing, one manifest, one sub-orchestration: its history stays at some hundred events, and a
million items make a thousand segments."""

GENERATION = 40
"""Segments until the job continues as new: every step of an orchestration reads all of its history
again, and this keeps it below a thousand events. A multiple of the segments in work, so that the
last round of a generation is a full one."""

MAX_RUNNING_SHOWN = 500
"""Segments in work whose own progress is shown; the numbers must fit into a custom status."""

Kind: TypeAlias = Literal["container", "feed", "failures"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a job's items come from."""

    kind: Kind
    name: str = ""
    """The prefix of the blobs, or the name of the feed."""
    etag: str = ""
    """Of the feed: one that is replaced meanwhile is another one."""

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Source:
        return cls(**said)


@dataclass(frozen=True, slots=True)
class Segment:
    """A listed part of the source. ``chunks`` are positions in its manifest, end excluded."""

    number: int
    items: int
    chunks: Sequence[Sequence[int]]
    place: Any
    """Where the next segment begins; None after the last one."""
    merged: int = 0
    """Rows of a feed that are part of another row's product."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Segment:
        return cls(**said)


@dataclass(slots=True)
class Job:
    """Everything that a job's orchestration remembers, from one generation to the next."""

    id: str
    source: Source
    chunk: int
    """Items of one activity."""
    width: int
    """Segments in work at one time."""
    generation: int = GENERATION
    """Segments until it continues as new."""
    into: str = ""
    """The collection to fill; empty: the one that serves."""
    started: str = ""
    """ISO 8601, UTC. What Durable says of it begins anew with each generation."""
    place: Any = None
    """Where the next segment is to be listed from; None at the very beginning."""
    is_listed: bool = False
    listed: int = 0
    """Items of all segments so far."""
    segments: int = 0
    waiting: list[dict[str, Any]] = field(default_factory=list)
    """Segments that were listed and not begun."""
    tally: Tally = field(default_factory=Tally)
    running: list[int] = field(default_factory=list)
    """Numbers of the segments in work; their own status tells how far they are."""

    def listing(self) -> dict[str, Any]:
        """The input of the activity that lists the next segment."""
        return {
            "job": self.id,
            "into": self.into,
            "source": asdict(self.source),
            "number": self.segments,
            "place": self.place,
            "chunk": self.chunk,
        }

    def note_listed(self, segment: Segment) -> None:
        self.segments += 1
        self.listed += segment.items
        self.tally.counts["merged"] += segment.merged
        self.place = segment.place
        self.is_listed = segment.place is None
        if segment.chunks:
            self.waiting.append(segment.to_json())

    @property
    def wants_listing(self) -> bool:
        """Listed ahead of the work, so that the total is known early, yet not without end."""
        return not self.is_listed and len(self.waiting) < self.generation

    def next_segment(self) -> dict[str, Any] | None:
        """The input of the sub-orchestration to begin now; None when enough is in work."""
        if not self.waiting or len(self.running) >= self.width:
            return None
        segment = self.waiting.pop(0)
        self.running.append(segment["number"])
        return {"job": self.id, "into": self.into, "segment": segment}

    def note_done(self, number: int, tally: Tally) -> None:
        self.running.remove(number)
        self.tally.add(tally)

    @property
    def is_done(self) -> bool:
        return self.is_listed and not self.waiting and not self.running

    def status(self) -> dict[str, Any]:
        """Small, whatever the size of the job and however long its problems are."""
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
    def of_json(cls, said: Mapping[str, Any]) -> Job:
        source, tally = Source.of_json(said["source"]), said.get("tally")
        known = {**said, "source": source, "tally": Tally.of_json(tally) if tally else Tally()}
        return cls(**known)


def part_id(job: str, number: int) -> str:
    """The instance of a segment's sub-orchestration. It does not begin like a job's id, so that a
    listing of jobs lists no segments."""
    return f"part-{job.removeprefix('job-')}-{number:06}"


def manifest_of(job: str, number: int) -> str:
    """The blob that holds a segment's items."""
    return f"jobs/{job}/{number:06}.json"


def cancelled_flag(job: str) -> str:
    """The blob that tells activities to do nothing: ending an orchestration ends neither its
    sub-orchestrations nor what is queued."""
    return f"jobs/{job}/cancelled"


def chunks_of(sizes: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Cuts groups of these sizes, which follow one another, into chunks of about ``limit`` items;
    a chunk ends with a group. Positions are those of groups."""
    chunks: list[tuple[int, int]] = []
    start = held = 0
    for at, size in enumerate(sizes):
        held += size
        if held >= limit:
            chunks.append((start, at + 1))
            start, held = at + 1, 0
    return [*chunks, (start, len(sizes))] if start < len(sizes) else chunks
