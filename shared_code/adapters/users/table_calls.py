"""Calls of Azure Tables: retried briefly, with errors translated once, behind a circuit breaker.

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

from shared_code.adapters.breaker import CircuitBreaker
from shared_code.adapters.storage.azure.errors import read_error_code
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
"""A person waits for every one of these calls; reading a row takes a few milliseconds."""

RowStateError: TypeAlias = ResourceExistsError | ResourceModifiedError | ResourceNotFoundError
"""Errors that tell the caller about a row or the table: not failures, so they are passed on."""

ROW_STATE_ERRORS = (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError)

_TIMED_OUT = (ServiceRequestTimeoutError, ServiceResponseTimeoutError)
_TRANSIENT_STATUSES = (408, 429, 500, 502, 503, 504)
_ROLE = "check AzureWebJobsStorage, or give the identity the role Storage Table Data Contributor."


class TableCalls:
    def __init__(self, breaker: CircuitBreaker | None = None) -> None:
        self._breaker = breaker or CircuitBreaker("Table storage")

    def call(self, request: Callable[[], T]) -> T:
        """Calls, and retries what may pass: all of our requests are safe to repeat, since writes
        are conditional or replace a whole row. Raises RowStateError, Unavailable, Misconfigured."""
        result = self._breaker.call(lambda: self._call_with_retries(request))
        if isinstance(result, ROW_STATE_ERRORS):
            raise result
        return result

    def _call_with_retries(self, request: Callable[[], T]) -> T | RowStateError:
        """Returns a ``RowStateError`` instead of raising it: to the breaker it is no failure."""
        for attempt in range(1 + RETRIES):
            try:
                return request()
            except ROW_STATE_ERRORS as exc:
                return exc
            except AzureError as exc:
                failure = _translate_error(exc)
                wait_s = _plan_wait_s(exc, attempt)
                if wait_s is None:
                    raise failure from exc
                log.info("%s Attempt %d of %d.", failure, attempt + 1, 1 + RETRIES)
            time.sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")


def _plan_wait_s(exc: AzureError, attempt: int) -> float | None:
    """Returns the seconds before the next attempt; None where another would not help."""
    if attempt == RETRIES or isinstance(exc, (ClientAuthenticationError, *_TIMED_OUT)):
        return None
    if isinstance(exc, HttpResponseError):
        if exc.status_code not in _TRANSIENT_STATUSES:
            return None
        if retry_after_s := read_retry_after_s(exc.response):
            return retry_after_s if retry_after_s <= LONGEST_PAUSE_S else None
    # full jitter, since callers that failed together must not come back together
    return random.uniform(0, FIRST_PAUSE_S * 2**attempt)  # noqa: S311


def _translate_error(exc: AzureError) -> AppError:
    if not isinstance(exc, HttpResponseError):
        return Unavailable("Table storage does not answer.")
    code = read_error_code(exc)
    if isinstance(exc, ClientAuthenticationError) or exc.status_code in (401, 403):
        return Misconfigured(f"Table storage refuses the credentials ({code}): {_ROLE}")
    wait_s = max(5, read_retry_after_s(exc.response))
    return Unavailable(f"Table storage failed: {code}.", retry_after_s=wait_s)
