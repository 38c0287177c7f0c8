"""Records every call in telemetry, and shows log lines which call they belong to."""

from __future__ import annotations

import functools
import inspect
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar, cast

import azure.functions as func

from shared_code.app import current_app
from shared_code.domain.current_call import Call, enter_call
from shared_code.domain.errors import Misconfigured
from shared_code.domain.ports import Operation
from shared_code.domain.timing import Stages, collect_stages

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

CONTEXT = "context"
"""A parameter of this name receives the invocation's context from the worker."""


@dataclass(slots=True)
class Observation:
    stages: Stages
    status: int = HTTPStatus.OK


@contextmanager
def observe_call(
    function: str, request_id: str, context: func.Context | None
) -> Iterator[Observation]:
    """Times the block and records it. ``context`` is None where no worker calls, as in tests."""
    started_ns, started = time.time_ns(), time.perf_counter_ns()
    call = Call(function, request_id, functools.partial(mark_thread, context))
    with collect_stages() as stages, enter_call(call):
        observation = Observation(stages)
        try:
            yield observation
        except BaseException:
            observation.status = HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            ended_ns = started_ns + time.perf_counter_ns() - started
            parent = _read_trace_parent(context)
            _record(
                Operation(
                    function,
                    request_id,
                    parent,
                    started_ns,
                    ended_ns,
                    int(observation.status),
                    stages,
                )
            )


def observed_event(handler: Function) -> Function:
    """Observes the calls of a function that another trigger than HTTP starts."""

    def handle(*args: Any, context: func.Context | None = None, **bindings: Any) -> Any:
        request_id = str(getattr(context, "invocation_id", "") or uuid.uuid4().hex)
        with observe_call(handler.__name__, request_id, context):
            return handler(*args, **bindings)

    functools.update_wrapper(handle, handler)
    observed: Any = handle
    observed.__annotations__ = {**handler.__annotations__, CONTEXT: func.Context}
    observed.__signature__ = add_context(inspect.signature(handler))
    return cast("Function", handle)


def logs_failures(handler: Function) -> Function:
    """Logs what the function of a poison queue raises, with the message. It must never raise: the
    host would hide the message for ten minutes and deliver it again, without end."""

    @functools.wraps(handler)
    def handle(message: func.QueueMessage) -> None:
        try:
            handler(message)
        except Exception:
            text = message.get_body().decode("utf-8", "replace")
            log.exception("%s cannot record a poison message: %s", handler.__name__, text)

    return cast("Function", handle)


def add_context(signature: inspect.Signature) -> inspect.Signature:
    """Returns the signature with the context, which the worker passes to functions that name it."""
    context = inspect.Parameter(CONTEXT, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return signature.replace(parameters=[*signature.parameters.values(), context])


@contextmanager
def mark_thread(context: func.Context | None) -> Iterator[None]:
    """Shows the worker, while the block lasts, that this thread works for the invocation.

    Up to Python 3.12 it looks here for the id of a line that is logged outside of the event loop
    and of the threads that it runs functions on. Pools use threads again, so the mark is wiped.
    """
    storage = getattr(context, "thread_local_storage", None)
    if context is None or storage is None:
        yield
        return
    before = getattr(storage, "invocation_id", None)
    storage.invocation_id = context.invocation_id
    try:
        yield
    finally:
        storage.invocation_id = before


def _read_trace_parent(context: func.Context | None) -> str:
    trace = getattr(context, "trace_context", None)
    return str(getattr(trace, "trace_parent", "") or "")


def _record(operation: Operation) -> None:
    try:
        telemetry = current_app().adapters.telemetry
    except Misconfigured:
        return  # the response says so
    telemetry.record(operation)
