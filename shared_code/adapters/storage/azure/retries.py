"""Tries again what may pass in Azure Storage, shortly: the only layer that does so below the host.

Which answers are worth it (408, 5xx, no answer) is the SDK's own rule; how long to wait is ours.
"""

from __future__ import annotations

import random
from typing import Any

from azure.storage.blob import ExponentialRetry

RETRIES = 2
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 3.0
"""A longer Retry-After is left to the host: waiting would hold one of few threads."""


class FullJitter(ExponentialRetry):
    """Up to 0.5 s, then up to 1 s; as long as Retry-After says, where an answer says so.

    Full jitter, since callers that failed together must not come back together.
    """

    def __init__(self, retries: int = RETRIES) -> None:
        super().__init__(retry_total=retries)

    def increment(
        self, settings: dict[str, Any], request: Any, response: Any = None, error: Any = None
    ) -> bool:
        settings["retry_after_s"] = retry_after_s(response)
        if settings["retry_after_s"] > LONGEST_PAUSE_S:
            return False
        return super().increment(settings, request, response, error)

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        if settings["retry_after_s"]:
            return float(settings["retry_after_s"])
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (settings["count"] - 1))
        return random.uniform(0, longest)  # noqa: S311


def retry_after_s(response: Any) -> int:
    """0 where nothing is said; a date is not read: storage gives seconds."""
    said = str((getattr(response, "headers", None) or {}).get("Retry-After", ""))
    return int(said) if said.isdecimal() else 0
