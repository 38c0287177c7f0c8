"""What users save: searches, preferences, and which products they like or hide.

Begin with ``store.py``. ``search_defaults.py`` turns preferences into what a search starts from.
"""

from shared_code.users.search_defaults import (
    DEFAULTS_REFUSED,
    NO_DEFAULTS,
    SearchDefaults,
    SearchDefaultsLoader,
    load_search_defaults,
)
from shared_code.users.store import MAX_MARKED, Mark, Preferences, SavedSearch, Users

__all__ = [
    "DEFAULTS_REFUSED",
    "MAX_MARKED",
    "NO_DEFAULTS",
    "Mark",
    "Preferences",
    "SavedSearch",
    "SearchDefaults",
    "SearchDefaultsLoader",
    "Users",
    "load_search_defaults",
]
