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
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias, overload

import azure.functions as func
import msgspec
from msgspec import UNSET

from functions.answers_edge import FieldProblem, Problem
from functions.contract import Contract, Reply, contract_of
from shared_code.core.errors import AppError, Internal
from shared_code.core.patience import somebody_waits
from shared_code.core.pictures import StoredPicture
from shared_code.core.timing import collect_stages

log = logging.getLogger(__name__)

Trigger: TypeAlias = Callable[[func.HttpRequest], func.HttpResponse]

CONTRACTS: dict[Trigger, Contract] = {}
"""Of every HTTP function there is, by the function that the host calls."""

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"

PICTURE_CACHE = "private, max-age=300"
"""A picture may be replaced under its name; after five minutes its ETag is asked for."""

MAX_QUOTED = 1_000
"""Characters of a problem's detail or message."""

_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@overload
def endpoint(handler: Callable[..., Any], /) -> Trigger: ...


@overload
def endpoint(
    *, statuses: Sequence[int] = ..., problems: Sequence[int] = ..., media: str = ...
) -> Callable[[Callable[..., Any]], Trigger]: ...


def endpoint(
    handler: Callable[..., Any] | None = None,
    /,
    *,
    statuses: Sequence[int] = (HTTPStatus.OK,),
    problems: Sequence[int] = (),
    media: str = JSON,
) -> Any:
    """An HTTP function out of a handler, whose signature says what it takes and answers.

    ``functions.sources`` holds what a parameter may be annotated with. The handler returns a
    definition of ``functions.answers``, a Reply where status or headers are its own, or an
    HttpResponse. ``statuses`` are those of answers (the first is the usual one), ``problems``
    those of errors beyond what follows from the parameters, ``media`` what is not JSON.
    """
    if handler is None:
        return functools.partial(
            _guarded, statuses=tuple(statuses), problems=tuple(problems), media=media
        )
    return _guarded(handler, statuses=tuple(statuses), problems=tuple(problems), media=media)


def _guarded(handler: Callable[..., Any], **said: Any) -> Trigger:
    contract = contract_of(handler, **said)

    def guarded(req: func.HttpRequest) -> func.HttpResponse:
        request_id = _request_id(req.headers)
        started = time.perf_counter()
        with collect_stages() as stages, somebody_waits():
            try:
                response = _response(handler(**contract.read(req)), contract.statuses[0])
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

    functools.update_wrapper(guarded, handler, assigned=("__module__", "__name__", "__doc__"))
    del guarded.__wrapped__  # type: ignore[attr-defined]  # the worker would bind its parameters
    CONTRACTS[guarded] = contract
    return guarded


def _response(answer: Any, status: int) -> func.HttpResponse:
    if isinstance(answer, func.HttpResponse):
        return answer
    if isinstance(answer, Reply):
        return ok(answer.body, answer.status, answer.headers)
    return ok(answer, status)


def ok(
    body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """JSON in UTF-8 of a definition of ``functions.answers``."""
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
        return func.HttpResponse(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return func.HttpResponse(found.data, mimetype=found.mime, headers=headers)


def _cut(text: str) -> str:
    """A problem may quote what the caller sent, which may be megabytes."""
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"


def _request_id(headers: Mapping[str, str]) -> str:
    """The caller's own id when it is harmless in a log and a header, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _SAFE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
