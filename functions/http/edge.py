"""The HTTP edge, shared by every HTTP function: contracts, problems, timings, request ids.

Failures are mapped here, once: an ``AppError`` knows its status; anything else is a bug,
which is logged and tells the caller nothing.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias, cast, overload

import azure.functions as func

from functions.http.contract import REQUEST, Contract, Reply, contract_of
from functions.http.responses import JSON, ok, problem, secured
from functions.http.telemetry import CONTEXT, observed, with_context
from shared_code.domain.errors import AppError, Internal
from shared_code.domain.patience import interactive_request

log = logging.getLogger(__name__)

Trigger: TypeAlias = Callable[[func.HttpRequest], func.HttpResponse]

CONTRACTS: dict[Trigger, Contract] = {}
"""Of every HTTP function there is, by the function that the host calls."""

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

    ``functions.http.arguments`` holds what a parameter may be annotated with. The handler returns a
    definition of ``functions.schemas.products``, a Reply where status or headers are its own, or an
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

    def guarded(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        with _answering(contract, req, bindings.pop(CONTEXT, None)) as call:
            call.answer = handler(**contract.read(req), **bindings)
        return call.response

    async def guarded_on_the_loop(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        with _answering(contract, req, bindings.pop(CONTEXT, None)) as call:
            call.answer = await handler(**contract.read(req), **bindings)
        return call.response

    is_async = inspect.iscoroutinefunction(handler)
    trigger: Any = guarded_on_the_loop if is_async else guarded
    _seen_by_the_worker(trigger, contract)
    CONTRACTS[trigger] = contract
    return cast("Trigger", trigger)


def _seen_by_the_worker(trigger: Any, contract: Contract) -> None:
    """Shows the worker the signature that the host binds, which is not that of the handler.

    A binding beside the request is annotated ``str``, as Microsoft's own decorator does for Durable
    Functions' client: it then arrives as the text that the host sends. Without an annotation the
    worker takes the converter of azure-functions, which could not decode a client before 1.25.
    """
    trigger.__name__ = trigger.__qualname__ = contract.name
    trigger.__module__, trigger.__doc__ = contract.module, contract.prose
    trigger.__annotations__ = {
        REQUEST: func.HttpRequest,
        CONTEXT: func.Context,
        **dict.fromkeys(contract.bindings, str),
        "return": func.HttpResponse,
    }
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = (REQUEST, *contract.bindings)
    parameters = [inspect.Parameter(name, kind) for name in names]
    trigger.__signature__ = with_context(inspect.Signature(parameters))


@dataclass(slots=True)
class _Call:
    answer: Any = None
    response: func.HttpResponse = field(default_factory=func.HttpResponse)


@contextlib.contextmanager
def _answering(
    contract: Contract, req: func.HttpRequest, context: func.Context | None
) -> Iterator[_Call]:
    """Makes a response of the answer, or of what was raised instead."""
    call = _Call()
    request_id = _request_id(req.headers)
    started = time.perf_counter()
    with observed(contract.name, request_id, context) as seen, interactive_request():
        try:
            yield call
            call.response = _response(call.answer, contract.statuses[0])
        except AppError as exc:
            if exc.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                log.warning("%s: %s [%s]", contract.name, exc, request_id)
            call.response = problem(exc)
        except Exception:
            log.exception("unhandled error in %s [%s]", contract.name, request_id)
            call.response = problem(Internal())
        seen.status = call.response.status_code
    total_ms = (time.perf_counter() - started) * 1000
    call.response.headers["x-request-id"] = request_id
    call.response.headers["server-timing"] = ", ".join(
        f"{name};dur={milliseconds:.2f}"
        for name, milliseconds in [*seen.stages.items(), ("total", total_ms)]
    )
    secured(call.response)


def contract_behind(function: Any) -> Contract | None:
    """Of a function as Azure knows it, below what its other bindings wrap around."""
    return CONTRACTS.get(inspect.unwrap(function))


def _response(answer: Any, status: int) -> func.HttpResponse:
    if isinstance(answer, func.HttpResponse):
        return answer
    if isinstance(answer, Reply):
        return ok(answer.body, answer.status, answer.headers)
    return ok(answer, status)


def _request_id(headers: Mapping[str, str]) -> str:
    """The caller's own id when it is harmless in a log and a header, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _SAFE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
