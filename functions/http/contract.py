"""The contract of an HTTP function: what it reads and returns, as its handler's signature says."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

import azure.functions as func

from functions.http.arguments import ArgumentSource, FormBody, FromHost, QueryString
from functions.http.parse import read_query_fields
from functions.schemas.base import NoOptions, Response, from_strings

REQUEST = "req"
"""A handler's parameter of this name receives the request itself."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of a handler: where its value comes from, and the type."""

    name: str
    source: ArgumentSource
    shape: Any


@dataclass(frozen=True, slots=True)
class Contract:
    name: str
    """The handler's name, which is the function's name in Azure."""
    module: str
    prose: str
    """The handler's docstring: a summary line, and perhaps a description below it."""
    arguments: Sequence[Argument]
    wants_request: bool
    bindings: Sequence[str]
    """Names of parameters that the host fills in, from bindings beside the HTTP trigger."""
    returns: Any
    """The type of the body, or a union of types; None where it is not JSON."""
    media: str
    statuses: Sequence[int]
    """Statuses of responses that are no problem; the first is the usual one."""
    problems: Sequence[int]
    """Statuses of problems beyond those that follow from the arguments."""

    def read(self, req: func.HttpRequest) -> dict[str, Any]:
        """Returns the handler's arguments. Raises Malformed, TooLarge or Unprocessable."""
        if not (self.wants_request or self._reads_query):
            from_strings(read_query_fields(req), NoOptions)
        values = {arg.name: arg.source.read(req, arg.shape) for arg in self.arguments}
        return {**values, REQUEST: req} if self.wants_request else values

    @property
    def _reads_query(self) -> bool:
        return any(
            isinstance(arg.source, QueryString)
            or (isinstance(arg.source, FormBody) and arg.source.with_query)
            for arg in self.arguments
        )


def make_contract(
    handler: Callable[..., Any], *, statuses: Sequence[int], problems: Sequence[int], media: str
) -> Contract:
    """Raises TypeError for a parameter that does not say where it comes from."""
    hints = typing.get_type_hints(handler, include_extras=True)
    parameters = [name for name in inspect.signature(handler).parameters if name != REQUEST]
    arguments = [_read_annotation(handler, name, hints.get(name)) for name in parameters]
    return Contract(
        name=handler.__name__,
        module=handler.__module__,
        prose=inspect.getdoc(handler) or "",
        arguments=[arg for arg in arguments if not isinstance(arg.source, FromHost)],
        wants_request=REQUEST in inspect.signature(handler).parameters,
        bindings=[arg.name for arg in arguments if isinstance(arg.source, FromHost)],
        returns=_returned_type(hints.get("return")),
        media=media,
        statuses=statuses,
        problems=problems,
    )


def _read_annotation(handler: Callable[..., Any], name: str, hint: Any) -> Argument:
    if typing.get_origin(hint) is not Annotated:
        raise TypeError(f"{handler.__name__}: {name} does not say where it comes from")
    shape, source, *_ = typing.get_args(hint)
    return Argument(name, cast("ArgumentSource", source), shape)


def _returned_type(hint: Any) -> Any:
    if typing.get_origin(hint) is Response:
        [hint] = typing.get_args(hint)
    return None if hint is func.HttpResponse else hint
