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
"""A picture may be replaced under its name; after five minutes its ETag is asked for."""

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # an answer opened by itself, in a browser: nothing in it runs or loads, and nobody frames it
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    # for browsers that know no frame-ancestors
    "x-frame-options": "DENY",
    # answers may be about one user, and are about this moment
    "cache-control": "no-store",
}
"""Of every answer that does not say otherwise itself. Strict-Transport-Security is not among
them: it would speak for a domain, whose owner decides that."""

MAX_QUOTED = 1_000
"""Characters of a problem's detail or message."""


def ok(
    body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """JSON in UTF-8 of a definition of ``functions.schemas.products``."""
    return func.HttpResponse(
        msgspec.json.encode(body), status_code=status, mimetype=JSON, headers=headers
    )


def problem(error: AppError) -> func.HttpResponse:
    """RFC 9457."""
    body = Problem(
        title=error.title,
        status=error.status,
        detail=_cut(error.detail),
        errors=[FieldProblem(_cut(e.field), _cut(e.message)) for e in error.errors] or UNSET,
    )
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
        return not_modified(headers)
    return func.HttpResponse(found.data, mimetype=found.mime, headers=headers)


def not_modified(headers: Mapping[str, str]) -> func.HttpResponse:
    """304, without a content type: the worker fills in text/plain where none is set, and the host
    sends none for an empty one."""
    return func.HttpResponse(
        status_code=HTTPStatus.NOT_MODIFIED, headers={**headers, "content-type": ""}
    )


def secured(response: func.HttpResponse) -> None:
    """Adds the security headers that the answer does not set itself."""
    for name, value in SECURITY_HEADERS.items():
        if name not in response.headers:
            response.headers[name] = value


def _cut(text: str) -> str:
    """A problem may quote what the caller sent, which may be megabytes."""
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"
