"""Where a handler's arguments come from, said once: in their annotations.

``functions.http.contract`` reads a request by them and ``functions.docs`` describes it by them,
so that the document cannot tell anything but what is parsed.
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
    form,
    form_with_files,
    form_with_one_file,
    from_strings,
    is_form,
    json_body,
    merged,
    parsed_query,
    query_fields,
)

T = TypeVar("T")


class Source(Protocol):
    """Reads one argument of a handler; ``shape`` is what its annotation says it is."""

    def read(self, req: func.HttpRequest, shape: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class JsonBody:
    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        return json_body(req, shape)


@dataclass(frozen=True, slots=True)
class QueryString:
    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        return parsed_query(req, shape)


@dataclass(frozen=True, slots=True)
class RoutePath:
    """The parameters of the route: the fields of the shape bear their names."""

    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        return from_strings(dict(req.route_params), shape)


@dataclass(frozen=True)
class Header:
    """One header, as text; empty when it did not come. A subclass may read more out of it."""

    name: str
    description: str = ""
    needed: bool = False
    example: str = ""
    """Shown in the document's curl lines, where the header is needed."""

    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        return shape(req.headers.get(self.name, ""))


@dataclass(frozen=True, slots=True)
class FormBody:
    """A form, and the files that came under the field ``files``; the argument is a ``Sent``."""

    files: str = ""
    least: int = 0
    most: int = MAX_FILES
    with_query: bool = False
    """Fields may come in the query string as well."""
    json: type | None = None
    """A JSON body is taken too, as this. The argument is then ``Sent[ThisForm | ThatJson]``."""

    def read(self, req: func.HttpRequest, shape: Any) -> Sent[Any]:
        if self.json is not None and not is_form(req):
            return Sent(json_body(req, self.json), ())
        came = self._reader()(req, self.files)
        fields = merged(came.fields, query_fields(req)) if self.with_query else came.fields
        return Sent(from_strings(fields, self.form_of(shape)), came.uploads)

    def form_of(self, shape: Any) -> Any:
        """The definition of the form's fields in ``Sent[…]``."""
        [fields] = typing.get_args(shape)
        [form_only] = [each for each in typing.get_args(fields) or [fields] if each != self.json]
        return form_only

    def _reader(self) -> Any:
        if self.most == 1 and self.least == 1:
            return form_with_one_file
        return form_with_files if self.least else form


@dataclass(frozen=True, slots=True)
class FromHost:
    """Another binding of the function, which the host fills; nothing of the request is read."""

    def read(self, req: func.HttpRequest, shape: Any) -> Any:
        raise NotImplementedError("the host passes it")


@dataclass(frozen=True, slots=True)
class Sent(Generic[T]):
    """What came in a form: its fields as their definition, and its files in order."""

    fields: T
    uploads: Sequence[Upload]


Body = Annotated[T, JsonBody()]
"""A JSON body: ``asked: Body[SearchRequest]``."""

Query = Annotated[T, QueryString()]
"""The query string. A handler without one refuses whatever comes there."""

Binding = Annotated[T, FromHost()]
"""What another binding brings, under the binding's name: the client of Durable Functions, say."""

Path = Annotated[T, RoutePath()]
"""The parameters of the route."""
