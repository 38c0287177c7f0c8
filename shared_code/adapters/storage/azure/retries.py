"""Retries of calls to Azure Storage: few and short, and the only ones below the host's own.

The SDK decides which failures are worth a retry (408, 5xx, no response); how long to wait is ours.
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
    """Waits up to 0.5 s, then up to 1 s, or as long as the response's Retry-After says.

    The jitter is full, since callers that failed together must not come back together.
    """

    def __init__(self, retries: int = RETRIES) -> None:
        super().__init__(retry_total=retries)

    def increment(
        self, settings: dict[str, Any], request: Any, response: Any = None, error: Any = None
    ) -> bool:
        settings["retry_after_s"] = read_retry_after_s(response)
        if settings["retry_after_s"] > LONGEST_PAUSE_S:
            return False
        return super().increment(settings, request, response, error)

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        if settings["retry_after_s"]:
            return float(settings["retry_after_s"])
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (settings["count"] - 1))
        return random.uniform(0, longest)  # noqa: S311


def read_retry_after_s(response: Any) -> int:
    """Returns 0 without such a header. Dates are not read: storage sends seconds."""
    seconds = str((getattr(response, "headers", None) or {}).get("Retry-After", ""))
    return int(seconds) if seconds.isdecimal() else 0
