"""Saved searches and preferences of users: a row each, under a digest of the user's id, so that
what is stored names nobody."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from shared_code.domain.dates import utc_now
from shared_code.domain.errors import NotFound, Unavailable, Unprocessable
from shared_code.domain.ports import Row, UserRows, encode_row

MAX_SAVED = 200
"""Saved searches of one user."""

MAX_SEARCH_BYTES = 32 * 1024
"""Size of a saved search as JSON: a listing returns all of a user's searches at once."""

MAX_MARKED = 1_000
"""Products that one user may like; as many may be hidden."""

MAX_ATTEMPTS = 10
"""Attempts to change preferences that others are changing at the same time."""

Mark: TypeAlias = Literal["liked", "hidden"]


@dataclass(frozen=True, slots=True)
class SavedSearch:
    id: str
    name: str
    type: Literal["search", "search-hybrid"]
    search: Row
    """The body of the request, as it was sent."""
    created: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """A user's defaults, for searches that say nothing themselves."""

    limit: int | None = None
    mode: str | None = None
    filter: Row = field(default_factory=dict)
    liked: Sequence[str] = ()
    hidden: Sequence[str] = ()

    def with_mark(self, mark: Mark, product_id: str, *, on: bool) -> Preferences:
        """Returns preferences in which the product is marked so (or, if not ``on``, not at all):
        a product is liked, hidden, or neither."""
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

    def save_search(self, user: str, name: str, search_type: Any, search: Row) -> SavedSearch:
        _check_size(search)
        if len(self._saved_keys(user)) >= MAX_SAVED:
            raise Unprocessable(f"{MAX_SAVED} searches are saved: delete some first.")
        created = self.now().isoformat(timespec="milliseconds")
        saved = SavedSearch(uuid.uuid4().hex, name, search_type, search, created)
        self._put(user, _SAVED + saved.id, asdict(saved))
        return saved

    def list_searches(self, user: str) -> list[SavedSearch]:
        """Returns the user's saved searches, oldest first."""
        rows = self.rows.all(hash_owner(user))
        searches = [SavedSearch(**row) for key, row in rows.items() if key.startswith(_SAVED)]
        return sorted(searches, key=lambda search: (search.created, search.id))

    def get_search(self, user: str, search_id: str) -> SavedSearch:
        owner, key = hash_owner(user), _SAVED + search_id
        stored = self.rows.get(owner, key) if _is_id(search_id) else None
        if stored is None:
            raise _no_search(search_id)
        return SavedSearch(**stored.row)

    def delete_search(self, user: str, search_id: str) -> None:
        if not (_is_id(search_id) and self.rows.delete(hash_owner(user), _SAVED + search_id)):
            raise _no_search(search_id)

    def get_preferences(self, user: str) -> Preferences:
        stored = self.rows.get(hash_owner(user), _PREFERENCES)
        return Preferences(**stored.row) if stored else Preferences()

    def save_preferences(self, user: str, preferences: Preferences) -> None:
        self._put(user, _PREFERENCES, asdict(preferences))

    def mark(self, user: str, mark: Mark, product_id: str, *, on: bool) -> Preferences:
        """Marks a product, or takes the mark away. Of two changes at the same time both count."""
        owner = hash_owner(user)
        for _ in range(MAX_ATTEMPTS):
            stored = self.rows.get(owner, _PREFERENCES)
            before = Preferences(**stored.row) if stored else Preferences()
            after = before.with_mark(mark, product_id, on=on)
            if self._put(user, _PREFERENCES, asdict(after), etag=stored.etag if stored else ""):
                return after
        raise Unavailable(
            "Too many requests are changing these preferences at once.", retry_after_s=1
        )

    def delete_preferences(self, user: str) -> bool:
        return self.rows.delete(hash_owner(user), _PREFERENCES)

    def delete_user(self, user: str) -> int:
        """Deletes everything that is stored for the user; returns how many rows that was."""
        owner = hash_owner(user)
        return sum(self.rows.delete(owner, key) for key in self.rows.keys(owner))

    def ping(self) -> None:
        """Raises what any use of the table would raise."""
        self.rows.get("ping", "ping")

    def _saved_keys(self, user: str) -> list[str]:
        return [key for key in self.rows.keys(hash_owner(user)) if key.startswith(_SAVED)]

    def _put(self, user: str, key: str, row: Row, *, etag: str | None = None) -> bool:
        return self.rows.put(hash_owner(user), key, row, etag=etag)


_SAVED = "search-"
_PREFERENCES = "preferences"


def hash_owner(user: str) -> str:
    """Returns the digest of a user's id that the rows are stored under."""
    return hashlib.sha256(user.encode()).hexdigest()[:40]


def _check_size(search: Row) -> None:
    size = len(encode_row(search))
    if size > MAX_SEARCH_BYTES:
        raise Unprocessable(f"search: takes {size} bytes as JSON; the limit is {MAX_SEARCH_BYTES}")


def _is_id(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")


def _no_search(search_id: str) -> NotFound:
    return NotFound(f"You have no saved search {search_id[:100]!r}.")
