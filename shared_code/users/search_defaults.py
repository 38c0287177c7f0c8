"""What a search starts from where it says nothing itself: its user's preferences.

They never keep a search from being answered: what cannot be used is left out, and said.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from shared_code.domain.errors import Misconfigured, Unavailable, Unprocessable
from shared_code.domain.filter_language import parse_filter
from shared_code.domain.filters import Filter, FilterableFields
from shared_code.domain.timing import stage
from shared_code.users.store import Preferences, Users

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preferred:
    """Preferences as a search uses them."""

    limit: int | None = None
    mode: str | None = None
    where: Filter | None = None
    liked: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()


NOTHING = Preferred()
UNPROVEN = Preferred(
    warnings=(
        "This user's preferences were not used: searches are public here, and prove nobody's name.",
    )
)


def preferred_by(user: str, users: Users, fields: FilterableFields) -> Preferred:
    """``fields``: those that filters may use now, which may be fewer than once."""
    try:
        with stage("store"):
            found = users.preferences(user)
    except (Unavailable, Misconfigured) as exc:
        log.warning("answered without preferences: %s", exc)
        return Preferred(warnings=(f"This user's preferences were not used. {exc}",))
    return _usable(found, fields)


def _usable(found: Preferences, fields: FilterableFields) -> Preferred:
    warnings: tuple[str, ...] = ()
    where = None
    try:
        where = parse_filter(found.filter, fields) if found.filter else None
    except Unprocessable as exc:
        warnings = (f"This user's preferred filter was not used. {exc}",)
    return Preferred(
        limit=found.limit,
        mode=found.mode,
        where=where,
        liked=frozenset(found.liked),
        hidden=frozenset(found.hidden),
        warnings=warnings,
    )
