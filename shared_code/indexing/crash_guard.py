"""Remembers what is in hand, for the blob that takes the whole process down with it.

Out of memory, a crash in a decoder: no exception is raised and no failure recorded. Without
this a pass would end at such a blob for ever.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from shared_code.domain.naming import BlobRole
from shared_code.domain.ports import BlobInfo, BlobStore
from shared_code.failures import Failures

MAX_DEATHS = 2
"""One may be chance: a deployment, an instance taken away."""


@dataclass(slots=True)
class CrashGuard:
    store: BlobStore
    failures: Failures
    name: str = "reconcile-in-hand"
    """The name of the blob that records what is in hand."""
    _suspect: tuple[str, str, int] | None = field(init=False)
    """Name and etag of what was in hand when an earlier run died, and how often it was."""

    def __post_init__(self) -> None:
        record = self.store.read(self.name)
        self._suspect = None
        if record is not None:
            try:
                in_hand = json.loads(record.data)
                deaths = int(in_hand["deaths"]) + 1
                self._suspect = (str(in_hand["blob"]), str(in_hand["etag"]), deaths)
            except (ValueError, TypeError, KeyError):
                self._suspect = None

    def has_killed(self, info: BlobInfo) -> bool:
        """Notes that this blob is in hand now; True, and recorded, when that was deadly before."""
        deaths = 0
        if self._suspect is not None and self._suspect[:2] == (info.name, info.etag):
            deaths = self._suspect[2]
        if deaths >= MAX_DEATHS:
            reason = f"The process ended {deaths} times while this was indexed."
            product_id = BlobRole.of(info.name).product_id
            self.failures.record(info.name, product_id, reason, etag=info.etag)
            return True
        in_hand = {"blob": info.name, "etag": info.etag, "deaths": deaths}
        self.store.write(self.name, json.dumps(in_hand).encode(), content_type="application/json")
        return False

    def end(self) -> None:
        """The run ended, and not by a death."""
        self.store.delete(self.name)
