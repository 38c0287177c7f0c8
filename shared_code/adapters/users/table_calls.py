"""Calls of Azure Tables: tried again shortly, translated once, and not made at all for a while
after a failure.

The SDK's own retries are off: they sleep as long as Retry-After says, however long that is.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)

from shared_code.adapters.breaker import Breaker
from shared_code.adapters.storage.azure.retries import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    RETRIES,
    read_retry_after_s,
)
from shared_code.domain.errors import AppError, Misconfigured, Unavailable

T = TypeVar("T")

log = logging.getLogger(__name__)

OPTIONS: dict[str, Any] = {"connection_timeout": 2, "read_timeout": 3, "retry_total": 0}
"""Somebody waits for every one of these calls; a row takes a few milliseconds."""

Answer: TypeAlias = ResourceExistsError | ResourceModifiedError | ResourceNotFoundError
"""What the service raises to say how things are: left to the caller."""

ANSWERS = (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError)

_TIMED_OUT = (ServiceRequestTimeoutError, ServiceResponseTimeoutError)
_MAY_PASS = (408, 429, 500, 502, 503, 504)
_ROLE = "check AzureWebJobsStorage, or give the identity the role Storage Table Data Contributor."


class TableCalls:
    def __init__(self, breaker: Breaker | None = None) -> None:
        self._breaker = breaker or Breaker("Table storage")

    def call(self, request: Callable[[], T]) -> T:
        """Every request of ours may be repeated: writes are conditional or whole rows."""
        outcome = self._breaker.call(lambda: self._tried(request))
        if isinstance(outcome, ANSWERS):
            raise outcome
        return outcome

    def _tried(self, request: Callable[[], T]) -> T | Answer:
        """An ``Answer`` is returned: to the breaker it is no failure."""
        for attempt in range(1 + RETRIES):
            try:
                return request()
            except ANSWERS as exc:
                return exc
            except AzureError as exc:
                failure = _translated(exc)
                wait_s = _wait_s(exc, attempt)
                if wait_s is None:
                    raise failure from exc
                log.info("tables: %s; attempt %d of %d", failure, attempt + 1, 1 + RETRIES)
            time.sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")


def _wait_s(exc: AzureError, attempt: int) -> float | None:
    """Seconds before the next attempt; None: there is none, or it would not help."""
    if attempt == RETRIES or isinstance(exc, (ClientAuthenticationError, *_TIMED_OUT)):
        return None
    if isinstance(exc, HttpResponseError):
        if exc.status_code not in _MAY_PASS:
            return None
        if asked := read_retry_after_s(exc.response):
            return asked if asked <= LONGEST_PAUSE_S else None
    # full jitter: callers that failed together must not come back together
    return random.uniform(0, FIRST_PAUSE_S * 2**attempt)  # noqa: S311


def _translated(exc: AzureError) -> AppError:
    if not isinstance(exc, HttpResponseError):
        return Unavailable("Table storage does not answer.")
    code = getattr(exc, "error_code", None) or exc.reason or "no reason given"
    code = getattr(code, "value", code)
    if isinstance(exc, ClientAuthenticationError) or exc.status_code in (401, 403):
        return Misconfigured(f"Table storage refuses the credentials ({code}): {_ROLE}")
    wait_s = max(5, read_retry_after_s(exc.response))
    return Unavailable(f"Table storage failed: {code}.", retry_after_s=wait_s)
