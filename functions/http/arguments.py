"""Annotations that say where a handler's arguments come from.

``contract.py`` reads a request by them and ``functions.openapi`` describes it by them, so the
document cannot promise anything but what is parsed.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

import azure.functions as func

from functions.http.parse import (
    MAX_FILES,
    Upload,
    is_form,
    merge_fields,
    read_form,
    read_form_with_files,
    read_form_with_one_file,
    read_json_body,
    read_query,
    read_query_fields,
)
from functions.schemas.base import from_strings

T = TypeVar("T")


class ArgumentSource(Protocol):
    """Reads one argument of a handler; ``shape`` is the type that its annotation names."""

    def read(self, req: func.HttpRequest, shape: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class JsonBody:
    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        return read_json_body(req, shape)


@dataclass(frozen=True, slots=True)
class QueryString:
    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        return read_query(req, shape)


@dataclass(frozen=True, slots=True)
class RoutePath:
    """The parameters of the route, which are the fields of the shape."""

    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        return from_strings(dict(req.route_params), shape)


@dataclass(frozen=True)
class Header:
    """One header, as text; empty when it is missing. A subclass may read more out of it."""

    name: str
    description: str = ""
    needed: bool = False
    example: str = ""
    """Shown in the document's curl lines, where the header is needed."""

    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        return shape(req.headers.get(self.name, ""))


@dataclass(frozen=True, slots=True)
class FormBody:
    """A form, and its files under the field ``files``; the argument is a ``FormPayload``."""

    files: str = ""
    least: int = 0
    most: int = MAX_FILES
    with_query: bool = False
    """The query string may bring fields as well."""
    json: type | None = None
    """A JSON body is accepted too, as this type. Where the form has another type, the argument is
    ``FormPayload[TheForm | TheJson]``."""

    def read(self, req: func.HttpRequest, shape: Any) -> FormPayload[Any]:
        if self.json is not None and not is_form(req):
            return FormPayload(read_json_body(req, self.json), ())
        form = self._reader()(req, self.files)
        query = read_query_fields(req) if self.with_query else {}
        fields = from_strings(merge_fields(form.fields, query), self.form_of(shape))
        return FormPayload(fields, form.uploads)

    def form_of(self, shape: Any) -> Any:
        """Returns the type of the form's fields in ``FormPayload[…]``."""
        [fields] = typing.get_args(shape)
        others = [member for member in typing.get_args(fields) if member is not self.json]
        return others[0] if others else fields

    def _reader(self) -> Any:
        if self.most == 1 and self.least == 1:
            return read_form_with_one_file
        return read_form_with_files if self.least else read_form


@dataclass(frozen=True, slots=True)
class FromHost:
    """Another binding of the function, which the host fills in; it is not read from the request."""

    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        raise NotImplementedError("the host passes it")


@dataclass(frozen=True, slots=True)
class FormPayload(Generic[T]):
    """The content of a form: its fields as one definition, and its files in order."""

    fields: T
    uploads: Sequence[Upload]


Body = Annotated[T, JsonBody()]
"""A JSON body: ``request: Body[SearchRequest]``."""

Query = Annotated[T, QueryString()]
"""The query string. A handler without one refuses any parameter there."""

Binding = Annotated[T, FromHost()]
"""The value of another binding, by its name, such as the client of Durable Functions."""

Path = Annotated[T, RoutePath()]
"""The parameters of the route."""
