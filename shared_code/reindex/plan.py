"""Moving to another model: the plan, and the comparison before the alias changes.

A bulk job fills the collection of the new model from the stored originals; reconciling then catches
up with events, which go to the collection that serves. The two are counted, and the alias is led
to the new one. Other processes notice within seconds; what they still write to the old collection
is caught up once more. Nothing is removed from the old collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared_code.bulk import BulkJob, BulkSource
from shared_code.domain.products import Counts

CATCH_UP_ROUNDS = 3
"""Rounds of catching up before the counts must agree: others may write all the while."""

LEAST_SHARE = 0.99
"""Share of the old collection's products and pictures that the new one must hold. The old one may
hold some whose deletion was missed; below this share something is wrong."""


@dataclass(frozen=True, slots=True)
class ReindexPlan:
    """The input of the orchestration."""

    id: str
    into: str
    """The collection to fill, then to serve."""
    chunk: int
    width: int
    started: str
    """ISO 8601, UTC."""
    is_rollback: bool = False
    """The alias is led there first: the collection was complete once."""

    @property
    def source(self) -> BulkSource:
        """Every blob of the images container."""
        return BulkSource("container")

    def job(self) -> dict[str, Any]:
        """Returns the input of the bulk job that fills the collection."""
        job = BulkJob(
            self.id, self.source, self.chunk, self.width, into=self.into, started=self.started
        )
        return job.to_json()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ReindexPlan:
        return cls(**document)


def build_id(job: str) -> str:
    """Returns the instance id of the job that fills the collection. It does not begin like a job's
    id, so that listings of jobs leave it out."""
    return f"build-{job.removeprefix('job-')}"


def find_shortfall(old: Counts | None, new: Counts) -> str:
    """Returns why the new collection must not serve yet; empty when it may.

    ``old`` is None where the collection that serves cannot be counted, for lack of its model.
    """
    if old is None:
        return "" if new.products else "the new collection is empty"
    for name, had, has in (
        ("products", old.products, new.products),
        ("pictures", old.images, new.images),
    ):
        if has < had * LEAST_SHARE:
            return f"of {had} {name} in the collection that serves only {has} are in the new one"
    return ""
