"""Finds what changed between two listings of a container, without clock, disk or network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BlobChanges:
    changed: dict[str, str] = field(default_factory=dict)
    """Blob name to etag, for new blobs and new content."""
    deleted: tuple[str, ...] = ()


class ChangeTracker:
    """Compares each listing (blob name to etag) with what it reported before.

    With ``settle`` a blob is reported once its etag was the same in two listings in a row, so that
    a file which is still being copied is left alone.
    """

    def __init__(self, known: Mapping[str, str], *, settle: bool) -> None:
        self._known = dict(known)
        self._settle = settle
        self._previous: Mapping[str, str] = {}

    def observe(self, listing: Mapping[str, str]) -> BlobChanges:
        changed = {
            name: etag
            for name, etag in listing.items()
            if self._known.get(name) != etag
            and (not self._settle or self._previous.get(name) == etag)
        }
        deleted = tuple(name for name in self._known if name not in listing)
        self._previous = dict(listing)
        self._known.update(changed)
        for name in deleted:
            del self._known[name]
        return BlobChanges(changed, deleted)
