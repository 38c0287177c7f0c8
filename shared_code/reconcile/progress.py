"""How far a reconcile has come: one small blob, so that a pass cut short goes on from there."""

from __future__ import annotations

import json
import sys
import uuid
from array import array
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

from shared_code.domain.ports import BlobStore
from shared_code.domain.products import PointRef

Phase: TypeAlias = Literal["container", "index", "failures", "done"]
PHASES: tuple[Phase, ...] = get_args(Phase)

STALE_AFTER = timedelta(days=7)
"""An older pass is begun anew: the storage's page markers, and what was seen, may be outdated."""

MAX_EXAMPLES = 20


def _numbers() -> array[int]:
    return array("Q")


@dataclass(slots=True)
class Progress:
    """Of one pass."""

    collection: str
    began: str
    """ISO 8601, UTC."""
    phase: Phase = "container"
    cursor: str | None = None
    totals: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)
    seen: array[int] = field(default_factory=_numbers)
    """Eight bytes of the id of every point that storage speaks for: 8 MB for a million. Sorted
    from the phase "index" on."""

    @classmethod
    def new(cls, collection: str, now: datetime) -> Progress:
        return cls(collection, now.isoformat(timespec="seconds"))

    @property
    def is_done(self) -> bool:
        return self.phase == "done"

    def see(self, ref: PointRef) -> None:
        self.seen.append(_number(ref))

    def has_seen(self, ref: PointRef) -> bool:
        number = _number(ref)
        at = bisect_left(self.seen, number)
        return at < len(self.seen) and self.seen[at] == number

    def note(self, what: str, outcome: str) -> None:
        self.totals[outcome] += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append({"what": what, "outcome": outcome})

    def turn_page(self, cursor: str | None) -> None:
        """None: the phase is over."""
        self.cursor = cursor
        if cursor is None:
            self.phase = PHASES[PHASES.index(self.phase) + 1]
            if self.phase == "index":
                self.seen = array("Q", sorted(self.seen))


@dataclass(frozen=True, slots=True)
class ProgressStore:
    """Dry runs keep a place of their own beside the real ones."""

    store: BlobStore
    dry_run: bool
    place: str = "reconcile"

    @property
    def _name(self) -> str:
        return f"{self.place}-dry-run" if self.dry_run else self.place

    def load(self, collection: str, now: datetime) -> Progress:
        """A new pass when there is none to go on with: none, of another collection, too old."""
        found = self.store.read(self._name)
        if found is not None:
            try:
                progress = _decoded(found.data)
            except (ValueError, TypeError, KeyError):
                return Progress.new(collection, now)
            if progress.collection == collection and _is_fresh(progress, now):
                return progress
        return Progress.new(collection, now)

    def save(self, progress: Progress) -> None:
        if progress.is_done:
            self.clear()
        else:
            content_type = "application/octet-stream"
            self.store.write(self._name, _encoded(progress), content_type=content_type)

    def clear(self) -> None:
        self.store.delete(self._name)


def _encoded(progress: Progress) -> bytes:
    """A line of JSON, then the numbers seen."""
    said = {
        name: getattr(progress, name)
        for name in ("collection", "began", "phase", "cursor", "totals", "examples")
    }
    return json.dumps(said, ensure_ascii=False).encode() + b"\n" + _little_endian(progress.seen)


def _decoded(data: bytes) -> Progress:
    line, _, numbers = data.partition(b"\n")
    said = json.loads(line)
    progress = Progress(**{**said, "totals": Counter(said["totals"])})
    progress.seen.frombytes(numbers)
    if sys.byteorder == "big":
        progress.seen.byteswap()
    if progress.phase not in PHASES:
        raise ValueError(progress.phase)
    return progress


def _little_endian(numbers: array[int]) -> bytes:
    copy = array("Q", numbers)
    if sys.byteorder == "big":
        copy.byteswap()
    return copy.tobytes()


def _is_fresh(progress: Progress, now: datetime) -> bool:
    return now - datetime.fromisoformat(progress.began) < STALE_AFTER


def _number(ref: PointRef) -> int:
    """62 random bits: that two of a million points share them has odds of one in ten million."""
    return uuid.UUID(ref.point_id).int & (2**64 - 1)
