"""Calls to a Qdrant server: tried again while that may help, failures translated once."""

from __future__ import annotations

import copy
import logging
import math
import random
import threading
import time
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any, TypeAlias, TypeVar

import httpx
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from shared_code.adapters.breaker import CircuitBreaker
from shared_code.domain.errors import AppError, Misconfigured, Unavailable
from shared_code.domain.urgency import must_retry

log = logging.getLogger(__name__)
T = TypeVar("T")
Call: TypeAlias = Callable[[Callable[[], Any]], Any]
"""Makes one request, again where that helps, and translates what fails."""

ATTEMPTS = 3
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0
"""A longer Retry-After is handed on to the caller: waiting would hold one of few threads."""

FAILURES = (QdrantException, ResponseHandlingException, UnexpectedResponse, JSONDecodeError)

# Logs each request at INFO, which is the level of the Functions worker.
logging.getLogger("httpx").setLevel(logging.WARNING)


class CollectionGone(Unavailable):
    """404: somebody deleted the collection while we were using it."""


class NotAllowed(Misconfigured):
    """403: the key is known, and may not do this."""


def connect(url: str, *, api_key: str = "", timeout_s: float) -> QdrantClient:
    """Makes no request. Raises Misconfigured for a text that is not a URL."""
    try:
        return QdrantClient(
            url=url,
            api_key=api_key or None,
            timeout=math.ceil(timeout_s),  # the client takes whole seconds
            prefer_grpc=False,
            check_compatibility=False,  # it would be one more request in every cold start
        )
    except ValueError as exc:
        raise Misconfigured("QDRANT_URL is not a valid address.") from exc


class QdrantLink:
    """One client, made and set up on first use, shared by all threads."""

    def __init__(
        self,
        connect: Callable[[], QdrantClient],
        set_up: Callable[[QdrantClient, Call], None],
        pause: Callable[[float], None],
        breaker: CircuitBreaker,
    ) -> None:
        self._connect = connect
        self._set_up = set_up
        self._pause = pause
        self._breaker = breaker
        self._lock = threading.Lock()
        self._client: QdrantClient | None = None
        self._is_set_up = False
        self._is_closed = False
        self._last_failure: tuple[float, AppError] | None = None

    def call(self, request: Callable[[QdrantClient], T]) -> T:
        return self._breaker.call(lambda: self._called(request))

    def _called(self, request: Callable[[QdrantClient], T]) -> T:
        client = self._ready()
        try:
            return self._try(lambda: request(client))
        except CollectionGone:
            self._is_set_up = False
            raise

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._client is not None:
                self._client.close()

    def _ready(self) -> QdrantClient:
        if self._client is not None and self._is_set_up and not self._is_closed:
            return self._client
        asked = time.monotonic()
        with self._lock:  # two requests may both find it not set up
            if self._is_closed:
                raise Unavailable("The index was closed.")
            if self._last_failure is not None and self._last_failure[0] > asked:
                # waited for an attempt that failed: one after the other would fail for minutes
                raise copy.copy(self._last_failure[1])
            try:
                return self._made_ready()
            except AppError as exc:
                self._last_failure = (time.monotonic(), exc)
                raise

    def _made_ready(self) -> QdrantClient:
        if self._client is None:
            self._client = self._connect()
        if not self._is_set_up:
            self._set_up(self._client, self._try)
            self._is_set_up = True
        return self._client

    def _try(self, request: Callable[[], T]) -> T:
        """Every request of ours may be repeated: writes are conditional or idempotent."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return request()
            except FAILURES as exc:
                failure = translated(exc)
                if failure is None:  # the request itself is wrong: a bug, for the log
                    raise
                wait_s = _wait_s(failure, exc, attempt)
                if wait_s is None:
                    raise failure from exc
                log.info("qdrant: %s; attempt %d of %d", failure.detail, attempt, ATTEMPTS)
            self._pause(wait_s)
        raise AssertionError("the last attempt returns or raises")


def _wait_s(failure: AppError, exc: Exception, attempt: int) -> float | None:
    """Seconds before the next attempt; None: there is none, or it would not help."""
    if attempt == ATTEMPTS or type(failure) is not Unavailable:
        return None
    if _timed_out(exc) and not must_retry():
        return None  # somebody has waited long enough, or the work can be put off
    if isinstance(exc, ResourceExhaustedResponse):
        return max(0, exc.retry_after_s) if exc.retry_after_s <= LONGEST_PAUSE_S else None
    # full jitter: callers that failed together must not come back together
    return random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 1)))  # noqa: S311


def _timed_out(exc: Exception) -> bool:
    cause = exc.source if isinstance(exc, ResponseHandlingException) else exc
    return isinstance(cause, httpx.TimeoutException)


def translated(exc: Exception) -> AppError | None:
    """None for a refusal (4xx) that only a bug of ours can cause."""
    if isinstance(exc, UnexpectedResponse):
        return _by_status(exc.status_code or 0)
    if isinstance(exc, ResourceExhaustedResponse):
        return Unavailable("Qdrant is overloaded (429).", retry_after_s=max(1, exc.retry_after_s))
    if isinstance(exc, QdrantException):  # 429 with a Retry-After that is no number
        return Unavailable("Qdrant is overloaded (429).")
    cause = exc.source if isinstance(exc, ResponseHandlingException) else exc
    if isinstance(cause, ValueError):  # an answer that is no JSON, or not the JSON expected
        return not_qdrant()
    return Unavailable(f"Qdrant does not answer ({type(cause).__name__}).")


def _by_status(status: int) -> AppError | None:
    if status == 401:
        return Misconfigured(
            "Qdrant refuses the key (401): check QDRANT_API_KEY. It must be of this cluster and "
            "must not have expired (those of Qdrant Cloud do after 90 days unless said otherwise)."
        )
    if status == 403:
        return NotAllowed(
            "The key in QDRANT_API_KEY may not do this (403): it only reads, or is for another "
            "collection. Searching needs a key that reads, indexing one that writes."
        )
    if status == 404:
        return CollectionGone("The Qdrant collection is gone; it is made anew on the next call.")
    if status in (408, 429) or status >= 500:
        return Unavailable(f"Qdrant fails or is overloaded ({status}).")
    return not_qdrant() if status < 400 else None


def not_qdrant() -> Misconfigured:
    return Misconfigured(
        "What answers at QDRANT_URL does not speak Qdrant's REST API: check the address and the "
        "server's version."
    )
