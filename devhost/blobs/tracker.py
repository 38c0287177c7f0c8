"""What changed between two looks at a container. Pure: no clock, no disk, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Changes:
    changed: dict[str, str] = field(default_factory=dict)
    """Blob name to etag: new, or not the content known before."""
    deleted: tuple[str, ...] = ()


class Tracker:
    """Compares each listing (blob name to etag) with what was reported before.

    With ``settle`` a blob is reported once its etag was the same in two listings running, so
    that a file which is still being copied is left alone.
    """

    def __init__(self, known: Mapping[str, str], *, settle: bool) -> None:
        self._known = dict(known)
        self._settle = settle
        self._previous: Mapping[str, str] = {}

    def observe(self, listing: Mapping[str, str]) -> Changes:
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
        return Changes(changed, deleted)
