"""What an HTTP function takes and answers, read off its signature when it is registered."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar, cast

import azure.functions as func

from functions.http.arguments import FormBody, FromHost, QueryString, Source
from functions.http.parse import converted, query_fields
from functions.schemas.requests import NoOptions

T_co = TypeVar("T_co", covariant=True)

REQUEST = "req"
"""A handler's parameter of this name gets the request itself."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[T_co]):
    """An answer with a status or headers of its own; a handler may return the bare body."""

    body: T_co
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of a handler: where it comes from and what it is."""

    name: str
    source: Source
    shape: Any


@dataclass(frozen=True, slots=True)
class Contract:
    name: str
    """The handler's, which Azure knows the function by."""
    module: str
    prose: str
    """The handler's docstring: a line, and perhaps more below it."""
    arguments: Sequence[Argument]
    wants_request: bool
    bindings: Sequence[str]
    """Parameters that the host fills, from bindings beside the HTTP trigger."""
    answer: Any
    """The definition of the body, or a union of them; None where it is no JSON."""
    media: str
    statuses: Sequence[int]
    """Of answers that are no problem; the first is the usual one."""
    problems: Sequence[int]
    """Beyond those that follow from the arguments."""

    def read(self, req: func.HttpRequest) -> dict[str, Any]:
        """The handler's arguments. Raises Malformed, TooLarge or Unprocessable."""
        if not (self.wants_request or self._reads_query):
            converted(query_fields(req), NoOptions)
        given = {each.name: each.source.read(req, each.shape) for each in self.arguments}
        return {**given, REQUEST: req} if self.wants_request else given

    @property
    def _reads_query(self) -> bool:
        return any(
            isinstance(each.source, QueryString)
            or (isinstance(each.source, FormBody) and each.source.with_query)
            for each in self.arguments
        )


def contract_of(
    handler: Callable[..., Any], *, statuses: Sequence[int], problems: Sequence[int], media: str
) -> Contract:
    """Raises TypeError for a parameter that does not say where it comes from."""
    hints = typing.get_type_hints(handler, include_extras=True)
    parameters = [name for name in inspect.signature(handler).parameters if name != REQUEST]
    arguments = [_argument(handler, name, hints.get(name)) for name in parameters]
    return Contract(
        name=handler.__name__,
        module=handler.__module__,
        prose=inspect.getdoc(handler) or "",
        arguments=[each for each in arguments if not isinstance(each.source, FromHost)],
        wants_request=REQUEST in inspect.signature(handler).parameters,
        bindings=[each.name for each in arguments if isinstance(each.source, FromHost)],
        answer=_answer(hints.get("return")),
        media=media,
        statuses=statuses,
        problems=problems,
    )


def _argument(handler: Callable[..., Any], name: str, hint: Any) -> Argument:
    if typing.get_origin(hint) is not Annotated:
        raise TypeError(f"{handler.__name__}: {name} does not say where it comes from")
    shape, source, *_ = typing.get_args(hint)
    return Argument(name, cast("Source", source), shape)


def _answer(hint: Any) -> Any:
    if typing.get_origin(hint) is Reply:
        [hint] = typing.get_args(hint)
    return None if hint is func.HttpResponse else hint
