"""``@endpoint`` makes an HTTP function of a handler: it reads the request, calls and responds.

Errors are mapped to responses here, once. An ``AppError`` knows its status; anything else is a bug,
which is logged, and of which the caller learns nothing.
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

from functions.http.contract import REQUEST, Contract, make_contract
from functions.http.responses import JSON, add_security_headers, json_response, problem_response
from functions.http.telemetry import CONTEXT, add_context, observe_call
from functions.schemas.base import Response
from shared_code.domain.errors import AppError, Internal
from shared_code.domain.urgency import interactive_request

log = logging.getLogger(__name__)

Trigger: TypeAlias = Callable[[func.HttpRequest], func.HttpResponse]

CONTRACTS: dict[Trigger, Contract] = {}
"""The contract of every HTTP function, by the function that the host calls."""

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
    """Makes an HTTP function of a handler, whose signature says what it reads and returns.

    ``functions.http.arguments`` has the annotations of parameters. The handler returns a definition
    of ``functions.schemas``, a Response where it sets a status or headers, or an HttpResponse.
    ``statuses`` are those of its responses (the first is the usual one), ``problems`` those of
    errors beyond what follows from the parameters, ``media`` is the type of what is not JSON.
    """
    if handler is None:
        return functools.partial(
            _make_trigger, statuses=tuple(statuses), problems=tuple(problems), media=media
        )
    return _make_trigger(handler, statuses=tuple(statuses), problems=tuple(problems), media=media)


def _make_trigger(handler: Callable[..., Any], **declared: Any) -> Trigger:
    contract = make_contract(handler, **declared)

    def handle(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        with _respond(contract, req, bindings.pop(CONTEXT, None)) as call:
            call.result = handler(**contract.read(req), **bindings)
        return call.response

    async def handle_on_loop(req: func.HttpRequest, **bindings: Any) -> func.HttpResponse:
        with _respond(contract, req, bindings.pop(CONTEXT, None)) as call:
            call.result = await handler(**contract.read(req), **bindings)
        return call.response

    is_async = inspect.iscoroutinefunction(handler)
    trigger: Any = handle_on_loop if is_async else handle
    _show_to_worker(trigger, contract)
    CONTRACTS[trigger] = contract
    return cast("Trigger", trigger)


def _show_to_worker(trigger: Any, contract: Contract) -> None:
    """Gives the trigger the signature that the host binds, which is not the handler's.

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
    trigger.__signature__ = add_context(inspect.Signature(parameters))


@dataclass(slots=True)
class _Call:
    result: Any = None
    response: func.HttpResponse = field(default_factory=func.HttpResponse)


@contextlib.contextmanager
def _respond(
    contract: Contract, req: func.HttpRequest, context: func.Context | None
) -> Iterator[_Call]:
    """Makes a response of what the handler returns or raises."""
    call = _Call()
    request_id = _choose_request_id(req.headers)
    started = time.perf_counter()
    with observe_call(contract.name, request_id, context) as observation, interactive_request():
        try:
            yield call
            call.response = _make_response(call.result, contract.statuses[0])
        except AppError as exc:
            if exc.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                log.warning("%s: %s [%s]", contract.name, exc, request_id)
            call.response = problem_response(exc)
        except Exception:
            log.exception("unhandled error in %s [%s]", contract.name, request_id)
            call.response = problem_response(Internal())
        observation.status = call.response.status_code
    total_ms = (time.perf_counter() - started) * 1000
    call.response.headers["x-request-id"] = request_id
    call.response.headers["server-timing"] = ", ".join(
        f"{name};dur={milliseconds:.2f}"
        for name, milliseconds in [*observation.stages.items(), ("total", total_ms)]
    )
    add_security_headers(call.response)


def contract_behind(function: Any) -> Contract | None:
    """Returns the contract of a registered function, which other bindings may have wrapped."""
    return CONTRACTS.get(inspect.unwrap(function))


def _make_response(result: Any, status: int) -> func.HttpResponse:
    if isinstance(result, func.HttpResponse):
        return result
    if isinstance(result, Response):
        return json_response(result.body, result.status, result.headers)
    return json_response(result, status)


def _choose_request_id(headers: Mapping[str, str]) -> str:
    """Returns the caller's own id when it is harmless in a log and a header, else a new one."""
    request_id = headers.get("x-request-id", "")
    return request_id if _SAFE_REQUEST_ID.fullmatch(request_id) else uuid.uuid4().hex
