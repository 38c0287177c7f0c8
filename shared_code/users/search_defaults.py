"""Defaults of a search: its user's preferences, where the search itself says nothing.

They never keep a search from being answered: what cannot be used is left out, with a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from shared_code.domain.errors import Misconfigured, Unavailable, Unprocessable
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import Filter, FilterableFields
from shared_code.domain.timing import stage
from shared_code.users.store import Preferences, Users

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SearchDefaults:
    """Preferences as a search uses them."""

    limit: int | None = None
    mode: str | None = None
    where: Filter | None = None
    liked: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()


NO_DEFAULTS = SearchDefaults()
DEFAULTS_REFUSED = SearchDefaults(
    warnings=(
        "This user's preferences were not used: searches are public here, so the name is unproven.",
    )
)


def load_search_defaults(user: str, users: Users, fields: FilterableFields) -> SearchDefaults:
    """Loads the user's preferences.

    ``fields`` are those that filters may use now: perhaps fewer than when the preferences were
    saved. What cannot be used is left out, with a warning.
    """
    try:
        with stage("store"):
            preferences = users.get_preferences(user)
    except (Unavailable, Misconfigured) as exc:
        log.warning("a search is answered without preferences: %s", exc)
        return SearchDefaults(warnings=(f"This user's preferences were not used. {exc}",))
    return _to_defaults(preferences, fields)


def _to_defaults(preferences: Preferences, fields: FilterableFields) -> SearchDefaults:
    warnings: tuple[str, ...] = ()
    where = None
    try:
        where = parse_filter(preferences.filter, fields) if preferences.filter else None
    except Unprocessable as exc:
        warnings = (f"This user's preferred filter was not used. {exc}",)
    return SearchDefaults(
        limit=preferences.limit,
        mode=preferences.mode,
        where=where,
        liked=frozenset(preferences.liked),
        hidden=frozenset(preferences.hidden),
        warnings=warnings,
    )


@dataclass(frozen=True, slots=True)
class SearchDefaultsLoader:
    """Loads what a search starts from."""

    users: Callable[[], Users]
    """Called where a user is named only: the first call opens the store."""
    fields: FilterableFields
    is_public: bool
    """Searches need no key: anybody could say to be anybody."""

    def load(self, user: str, *, is_personal: bool, has_key: bool = False) -> SearchDefaults:
        """``user`` is empty where nobody is named; ``is_personal`` is false where the search wants
        no preferences. ``has_key``: for a route that needs one, also where searches need none."""
        if not user or not is_personal:
            return NO_DEFAULTS
        if self.is_public and not has_key:
            return DEFAULTS_REFUSED
        return load_search_defaults(user, self.users(), self.fields)
