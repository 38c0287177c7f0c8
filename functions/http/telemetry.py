"""Tells telemetry of every call, and logs which call they are about."""

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
from shared_code.domain.call import Call, enter_call
from shared_code.domain.errors import Misconfigured
from shared_code.domain.ports import Operation
from shared_code.domain.timing import Stages, collect_stages

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

CONTEXT = "context"
"""A parameter of this name gets the invocation's context from the worker."""


@dataclass(slots=True)
class Observed:
    stages: Stages
    status: int = HTTPStatus.OK


@contextmanager
def observed(function: str, request_id: str, context: func.Context | None) -> Iterator[Observed]:
    """``context``: None where no worker called (in tests)."""
    started_ns, started = time.time_ns(), time.perf_counter_ns()
    call = Call(function, request_id, functools.partial(mark_thread, context))
    with collect_stages() as stages, enter_call(call):
        seen = Observed(stages)
        try:
            yield seen
        except BaseException:
            seen.status = HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            ended_ns = started_ns + time.perf_counter_ns() - started
            parent = parent_of(context)
            _tell(
                Operation(
                    function, request_id, parent, started_ns, ended_ns, int(seen.status), stages
                )
            )


def observed_event(handler: Function) -> Function:
    """For functions of other triggers than HTTP."""

    def told(*args: Any, context: func.Context | None = None, **bindings: Any) -> Any:
        request_id = str(getattr(context, "invocation_id", "") or uuid.uuid4().hex)
        with observed(handler.__name__, request_id, context):
            return handler(*args, **bindings)

    functools.update_wrapper(told, handler)
    seen: Any = told
    seen.__annotations__ = {**handler.__annotations__, CONTEXT: func.Context}
    seen.__signature__ = with_context(inspect.signature(handler))
    return cast("Function", told)


def logs_failures(handler: Function) -> Function:
    """For the functions of poison queues, which must never raise: the host would hide the message
    for ten minutes and deliver it again, without end. What fails is logged with the message."""

    @functools.wraps(handler)
    def guarded(message: func.QueueMessage) -> None:
        try:
            handler(message)
        except Exception:
            text = message.get_body().decode("utf-8", "replace")
            log.exception("%s cannot record what was given up: %s", handler.__name__, text)

    return cast("Function", guarded)


def with_context(signature: inspect.Signature) -> inspect.Signature:
    """As the worker shall see it: it passes the context to whoever names it."""
    context = inspect.Parameter(CONTEXT, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return signature.replace(parameters=[*signature.parameters.values(), context])


@contextmanager
def mark_thread(context: func.Context | None) -> Iterator[None]:
    """Shows the worker that this thread works for the invocation, while the block lasts.

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


def parent_of(context: func.Context | None) -> str:
    trace = getattr(context, "trace_context", None)
    return str(getattr(trace, "trace_parent", "") or "")


def _tell(operation: Operation) -> None:
    try:
        telemetry = current_app().adapters.telemetry
    except Misconfigured:
        return  # the answer itself says so
    telemetry.record(operation)
