"""The progress of a reconcile, in one small blob, so that a pass that was cut short goes on."""

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
"""An older pass starts over: page markers of the storage, and what was seen, may be outdated."""

MAX_EXAMPLES = 20


def _numbers() -> array[int]:
    return array("Q")


@dataclass(slots=True)
class Progress:
    """How far one pass has come. Field names are keys of the stored JSON."""

    collection: str
    began: str
    """ISO 8601, UTC."""
    phase: Phase = "container"
    cursor: str | None = None
    totals: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)
    point_numbers: array[int] = field(default_factory=_numbers)
    """Eight bytes of the id of every point that storage has a blob for: 8 MB for a million. Sorted
    from the phase "index" on."""

    @classmethod
    def new(cls, collection: str, now: datetime) -> Progress:
        return cls(collection, now.isoformat(timespec="seconds"))

    @property
    def is_done(self) -> bool:
        return self.phase == "done"

    def mark_seen(self, ref: PointRef) -> None:
        """Notes that storage has a blob for this point."""
        self.point_numbers.append(_to_number(ref))

    def has_seen(self, ref: PointRef) -> bool:
        number = _to_number(ref)
        at = bisect_left(self.point_numbers, number)
        return at < len(self.point_numbers) and self.point_numbers[at] == number

    def note(self, subject: str, outcome: str) -> None:
        """Counts an outcome; the first ones are examples as well."""
        self.totals[outcome] += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append({"what": subject, "outcome": outcome})

    def turn_page(self, cursor: str | None) -> None:
        """Goes on at the cursor; None ends the phase."""
        self.cursor = cursor
        if cursor is None:
            self.phase = PHASES[PHASES.index(self.phase) + 1]
            if self.phase == "index":
                self.point_numbers = array("Q", sorted(self.point_numbers))


@dataclass(frozen=True, slots=True)
class ProgressStore:
    """Stores the progress; that of dry runs in a blob of its own."""

    store: BlobStore
    dry_run: bool
    blob: str = "reconcile"

    @property
    def _name(self) -> str:
        return f"{self.blob}-dry-run" if self.dry_run else self.blob

    def load(self, collection: str, now: datetime) -> Progress:
        """Returns the stored progress; a new pass where there is none, or only one that is too
        old or of another collection."""
        stored = self.store.read(self._name)
        if stored is not None:
            try:
                progress = _decode(stored.data)
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
            self.store.write(self._name, _encode(progress), content_type=content_type)

    def clear(self) -> None:
        self.store.delete(self._name)


def _encode(progress: Progress) -> bytes:
    """Writes a line of JSON, then the numbers of the points seen."""
    fields = {
        name: getattr(progress, name)
        for name in ("collection", "began", "phase", "cursor", "totals", "examples")
    }
    return (
        json.dumps(fields, ensure_ascii=False).encode()
        + b"\n"
        + _little_endian(progress.point_numbers)
    )


def _decode(data: bytes) -> Progress:
    line, _, numbers = data.partition(b"\n")
    fields = json.loads(line)
    progress = Progress(**{**fields, "totals": Counter(fields["totals"])})
    progress.point_numbers.frombytes(numbers)
    if sys.byteorder == "big":
        progress.point_numbers.byteswap()
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


def _to_number(ref: PointRef) -> int:
    """Returns 62 random bits of the id: among a million points the odds that any two share them are
    one in ten million."""
    return uuid.UUID(ref.point_id).int & (2**64 - 1)
