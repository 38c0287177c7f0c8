"""The HTTP edge, shared by every HTTP function: answers, problems, timings, request ids.

Failures are mapped here, once: an ``AppError`` knows its status; anything else is a bug,
which is logged and tells the caller nothing.
"""

from __future__ import annotations

import functools
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import azure.functions as func
import msgspec

from shared_code.core.errors import AppError, Internal
from shared_code.core.pictures import StoredPicture
from shared_code.core.timing import collect_stages

log = logging.getLogger(__name__)

Handler = Callable[[func.HttpRequest], func.HttpResponse]

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"

PICTURE_CACHE = "private, max-age=300"
"""A picture may be replaced under its name; after five minutes its ETag is asked for."""

MAX_QUOTED = 1_000
"""Characters of a problem's detail or message."""

_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def endpoint(handler: Handler) -> Handler:
    """Wraps an HTTP function with what every answer of this API carries."""

    @functools.wraps(handler)  # the worker reads the signature through __wrapped__
    def guarded(req: func.HttpRequest) -> func.HttpResponse:
        request_id = _request_id(req.headers)
        started = time.perf_counter()
        with collect_stages() as stages:
            try:
                response = handler(req)
            except AppError as exc:
                if exc.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    log.warning("%s: %s [%s]", handler.__name__, exc, request_id)
                response = problem(exc)
            except Exception:
                log.exception("unhandled error in %s [%s]", handler.__name__, request_id)
                response = problem(Internal())
        response.headers["x-request-id"] = request_id
        response.headers["x-content-type-options"] = "nosniff"
        stages["total"] = (time.perf_counter() - started) * 1000
        response.headers["server-timing"] = ", ".join(
            f"{name};dur={milliseconds:.2f}" for name, milliseconds in stages.items()
        )
        return response

    return guarded


def ok(body: Mapping[str, Any], status: int = HTTPStatus.OK) -> func.HttpResponse:
    """JSON in UTF-8."""
    return func.HttpResponse(msgspec.json.encode(body), status_code=status, mimetype=JSON)


def problem(error: AppError) -> func.HttpResponse:
    """RFC 9457."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": _cut(error.detail),
    }
    if error.errors:
        found = [{"field": _cut(e.field), "message": _cut(e.message)} for e in error.errors]
        body["errors"] = found
    headers = {} if error.retry_after_s is None else {"retry-after": str(error.retry_after_s)}
    return func.HttpResponse(
        msgspec.json.encode(body),
        status_code=error.status,
        mimetype=PROBLEM_JSON,
        headers=headers,
    )


def picture_answer(found: StoredPicture) -> func.HttpResponse:
    """The picture with its validators; 304 without a body when the caller has it already."""
    headers = {"etag": found.etag, "cache-control": PICTURE_CACHE}
    if found.data is None:
        return func.HttpResponse(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return func.HttpResponse(found.data, mimetype=found.mime, headers=headers)


def _cut(text: str) -> str:
    """A problem may quote what the caller sent, which may be megabytes."""
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"


def _request_id(headers: Mapping[str, str]) -> str:
    """The caller's own id when it is harmless in a log and a header, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _SAFE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
