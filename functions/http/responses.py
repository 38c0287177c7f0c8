"""HTTP responses: JSON, problems (RFC 9457) and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import azure.functions as func
import msgspec
from msgspec import UNSET

from functions.schemas.base import FieldProblem, Problem
from shared_code.domain.errors import AppError
from shared_code.pictures import StoredPicture

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"

PICTURE_CACHE = "private, max-age=300"
"""A picture may be replaced under its name; after five minutes browsers ask whether it was."""

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # where a browser opens a response by itself: nothing in it runs or loads, and nobody frames it
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    # for browsers that do not know frame-ancestors
    "x-frame-options": "DENY",
    # responses may be about one user, and are about this moment
    "cache-control": "no-store",
}
"""Headers of every response that does not set them itself. Strict-Transport-Security is not among
them: it would speak for a domain, and its owner decides that."""

MAX_QUOTED = 1_000
"""The most characters of a problem's detail or message."""


def json_response(
    body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """Returns a definition of ``functions.schemas`` as JSON in UTF-8."""
    return func.HttpResponse(
        msgspec.json.encode(body), status_code=status, mimetype=JSON, headers=headers
    )


def problem_response(error: AppError) -> func.HttpResponse:
    """Returns the error as a problem (RFC 9457)."""
    body = Problem(
        title=error.title,
        status=error.status,
        detail=_truncate(error.detail),
        errors=[FieldProblem(_truncate(e.field), _truncate(e.message)) for e in error.errors]
        or UNSET,
    )
    headers = {} if error.retry_after_s is None else {"retry-after": str(error.retry_after_s)}
    return func.HttpResponse(
        msgspec.json.encode(body),
        status_code=error.status,
        mimetype=PROBLEM_JSON,
        headers=headers,
    )


def respond_with_picture(picture: StoredPicture) -> func.HttpResponse:
    """Returns the picture with its ETag; 304 without a body when the caller has it already."""
    headers = {"etag": picture.etag, "cache-control": PICTURE_CACHE}
    if picture.data is None:
        return respond_not_modified(headers)
    return func.HttpResponse(picture.data, mimetype=picture.mime, headers=headers)


def respond_not_modified(headers: Mapping[str, str]) -> func.HttpResponse:
    """Returns 304 without a content type: the worker fills in text/plain where none is set, and the
    host sends none for an empty one."""
    return func.HttpResponse(
        status_code=HTTPStatus.NOT_MODIFIED, headers={**headers, "content-type": ""}
    )


def add_security_headers(response: func.HttpResponse) -> None:
    """Adds the security headers that the response does not set itself."""
    for name, value in SECURITY_HEADERS.items():
        if name not in response.headers:
            response.headers[name] = value


def _truncate(text: str) -> str:
    """A problem may quote the request, which may be megabytes."""
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"
