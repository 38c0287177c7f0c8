"""What is kept of a user: saved searches and preferences. One row each, under a digest of the
user's id, so that what is stored names nobody."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from shared_code.domain.dates import utc_now
from shared_code.domain.errors import NotFound, Unavailable, Unprocessable
from shared_code.domain.ports import Row, UserRows, encoded

MAX_SAVED = 200
"""Searches of one user."""

MAX_SEARCH_BYTES = 32 * 1024
"""Of a saved search as JSON: all of a user's are listed at once."""

MAX_MARKED = 1_000
"""Products that one user likes, and as many hidden."""

CHANGES_TRIED = 10

Mark: TypeAlias = Literal["liked", "hidden"]


@dataclass(frozen=True, slots=True)
class SavedSearch:
    id: str
    name: str
    type: Literal["search", "search-hybrid"]
    search: Row
    """The body of that request, as it was sent."""
    created: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a user's searches start from where they say nothing themselves."""

    limit: int | None = None
    mode: str | None = None
    filter: Row = field(default_factory=dict)
    liked: Sequence[str] = ()
    hidden: Sequence[str] = ()

    def marked(self, mark: Mark, product_id: str, *, on: bool) -> Preferences:
        """A product is liked, hidden, or neither."""
        others = {m: [p for p in getattr(self, m) if p != product_id] for m in ("liked", "hidden")}
        if on:
            others[mark].append(product_id)
            if len(others[mark]) > MAX_MARKED:
                raise Unprocessable(f"{MAX_MARKED} products are {mark}: unmark some first.")
        return replace(self, liked=others["liked"], hidden=others["hidden"])


@dataclass(frozen=True, slots=True)
class Users:
    rows: UserRows
    now: Callable[[], datetime] = utc_now

    def save(self, user: str, name: str, search_type: Any, search: Row) -> SavedSearch:
        _check_size(search)
        if len(self._saved_keys(user)) >= MAX_SAVED:
            raise Unprocessable(f"{MAX_SAVED} searches are saved: delete some first.")
        created = self.now().isoformat(timespec="milliseconds")
        found = SavedSearch(uuid.uuid4().hex, name, search_type, search, created)
        self._put(user, _SAVED + found.id, asdict(found))
        return found

    def saved(self, user: str) -> list[SavedSearch]:
        """Oldest first."""
        rows = self.rows.all(owner_of(user))
        found = [SavedSearch(**row) for key, row in rows.items() if key.startswith(_SAVED)]
        return sorted(found, key=lambda each: (each.created, each.id))

    def saved_one(self, user: str, search_id: str) -> SavedSearch:
        kept = self.rows.get(owner_of(user), _SAVED + search_id) if _is_id(search_id) else None
        if kept is None:
            raise _no_search(search_id)
        return SavedSearch(**kept.row)

    def forget_search(self, user: str, search_id: str) -> None:
        if not (_is_id(search_id) and self.rows.delete(owner_of(user), _SAVED + search_id)):
            raise _no_search(search_id)

    def preferences(self, user: str) -> Preferences:
        kept = self.rows.get(owner_of(user), _PREFERENCES)
        return Preferences(**kept.row) if kept else Preferences()

    def prefer(self, user: str, preferences: Preferences) -> None:
        self._put(user, _PREFERENCES, asdict(preferences))

    def mark(self, user: str, mark: Mark, product_id: str, *, on: bool) -> Preferences:
        """Two at one time both count: whoever comes second looks again."""
        owner = owner_of(user)
        for _ in range(CHANGES_TRIED):
            kept = self.rows.get(owner, _PREFERENCES)
            before = Preferences(**kept.row) if kept else Preferences()
            after = before.marked(mark, product_id, on=on)
            if self._put(user, _PREFERENCES, asdict(after), etag=kept.etag if kept else ""):
                return after
        raise Unavailable("These preferences are being changed by many at once.", retry_after_s=1)

    def forget_preferences(self, user: str) -> bool:
        return self.rows.delete(owner_of(user), _PREFERENCES)

    def forget(self, user: str) -> int:
        """Everything that is kept of the user; how many rows that was."""
        owner = owner_of(user)
        return sum(self.rows.delete(owner, key) for key in self.rows.keys(owner))

    def ping(self) -> None:
        """Raises what any use of the rows would raise."""
        self.rows.get("ping", "ping")

    def _saved_keys(self, user: str) -> list[str]:
        return [key for key in self.rows.keys(owner_of(user)) if key.startswith(_SAVED)]

    def _put(self, user: str, key: str, row: Row, *, etag: str | None = None) -> bool:
        return self.rows.put(owner_of(user), key, row, etag=etag)


_SAVED = "search-"
_PREFERENCES = "preferences"


def owner_of(user: str) -> str:
    return hashlib.sha256(user.encode()).hexdigest()[:40]


def _check_size(search: Row) -> None:
    size = len(encoded(search))
    if size > MAX_SEARCH_BYTES:
        raise Unprocessable(f"search: takes {size} bytes as JSON; the limit is {MAX_SEARCH_BYTES}")


def _is_id(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")


def _no_search(search_id: str) -> NotFound:
    return NotFound(f"You have no saved search {search_id[:100]!r}.")
