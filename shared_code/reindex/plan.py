"""Moving to another model: what is decided, and what is compared, before the alias is led there.

The collection of the new model is filled from the stored originals by a bulk job, then caught up
by reconciling, since events go to the collection that serves. Then the two are counted and the
alias is led to the new one. Other processes notice within some seconds; whatever they still wrote
to the old one meanwhile is caught up once more. Nothing is taken away from the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared_code.bulk.jobs import Job, Source
from shared_code.domain.products import Counts

ROUNDS = 3
"""Of catching up before the counts must agree: others may write all the while."""

LEAST_SHARE = 0.99
"""Of the products and of the pictures that the old collection holds, the new one must hold: the old
one may have kept what events missed to take out. Below that something is wrong."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The input of the orchestration."""

    id: str
    into: str
    """The collection to fill, then to serve."""
    chunk: int
    width: int
    started: str
    """ISO 8601, UTC."""
    is_rollback: bool = False
    """The alias is led there first: the collection was whole once."""

    @property
    def source(self) -> Source:
        """What is read: every blob of the images container."""
        return Source("container")

    def job(self) -> dict[str, Any]:
        job = Job(
            self.id, self.source, self.chunk, self.width, into=self.into, started=self.started
        )
        return job.to_json()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Plan:
        return cls(**said)


def build_id(job: str) -> str:
    """The instance that fills the collection: it does not begin like a job's id."""
    return f"build-{job.removeprefix('job-')}"


def difference(old: Counts | None, new: Counts) -> str:
    """Why the new collection must not serve yet; empty when it may. ``old``: None where the
    collection that serves cannot be counted, for lack of its model."""
    if old is None:
        return "" if new.products else "the new collection is empty"
    for name, had, has in (
        ("products", old.products, new.products),
        ("pictures", old.images, new.images),
    ):
        if has < had * LEAST_SHARE:
            return f"of {had} {name} in the collection that serves only {has} are in the new one"
    return ""
