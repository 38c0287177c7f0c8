"""The base of the wire format: requests, responses, problems, and the rule by which one is read.

A request has one definition, however it is sent. JSON holds it as it is. Forms and query strings
hold text: numbers and booleans are read from their text, lists and objects from their JSON text,
which ``extra=as_json_text(…)`` in a field's Meta describes for the API's document.
"""

from __future__ import annotations

import functools
import re
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import NODEFAULT, UNSET, Meta, Struct, UnsetType

from shared_code.domain.errors import FieldError, Unprocessable

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Definition = TypeVar("Definition", bound=type[Struct])


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a request. Unknown ones are refused, so that a mistyped option is never ignored
    in silence."""

    form_name: ClassVar[str] = ""
    """The form's name in the API's document, where a request may be sent as JSON or as a form."""


class NoFields(Request, frozen=True):
    """A form that holds files only."""


class NoOptions(Request, frozen=True):
    """A request without parameters of this API in its query string."""


class ResponseBody(Struct, frozen=True):
    """The JSON of a response. A field that is UNSET is left out; None is sent as null."""


class FieldProblem(Struct, frozen=True):
    """One error in one field of the request."""

    field: str
    message: str


class Problem(ResponseBody, frozen=True, kw_only=True):
    """RFC 9457, as application/problem+json."""

    type: str = "about:blank"
    title: Annotated[str, Meta(description="The kind of problem; never varies.")]
    status: Annotated[int, Meta(description="The HTTP status, once more.")]
    detail: Annotated[str, Meta(description="What is wrong with this request and what to do.")]
    errors: list[FieldProblem] | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Response(Generic[T_co]):
    """A body with its own status or headers; a handler may return the bare body as well."""

    body: T_co
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


def published_as(name: str) -> Callable[[Definition], Definition]:
    """Gives a definition its name in the API's document, where that is not the class's name.

    Clients generate code from those names, so they stay when a class is renamed. msgspec takes a
    schema's name from ``__name__``.
    """

    def rename(definition: Definition) -> Definition:
        definition.__name__ = name
        return definition

    return rename


@dataclass(frozen=True, slots=True)
class JsonText:
    """A list or an object as forms and query strings hold it."""

    description: str
    may_be_empty: bool = False
    """An empty text counts as a missing field, for HTML forms; else it is not valid JSON."""


_JSON_TEXT = "json_text"
_FORM_ONLY = "form_only"
_JSON_ONLY = "json_only"

FORM_ONLY = {_FORM_ONLY: True}
"""The ``extra`` of a field that JSON has not: it belongs to a file."""

JSON_ONLY = {_JSON_ONLY: True}
"""The ``extra`` of a field that forms have not."""


def as_json_text(description: str, *, may_be_empty: bool = False) -> dict[str, Any]:
    """Returns the ``extra`` of a list's or an object's Meta; ``description`` is the text's."""
    return {_JSON_TEXT: JsonText(description, may_be_empty)}


def from_json(content: Any, shape: type[T]) -> T:
    """Returns the content of a JSON body as ``shape``. Raises Unprocessable naming the field."""
    request = _convert(content, shape)
    _refuse(_fields_marked(shape, _FORM_ONLY), content)
    return request


def from_strings(fields: Mapping[str, str], shape: type[T]) -> T:
    """Returns the fields of a form, a query string or a route as ``shape``.

    msgspec reads the text "null" as None where a field may be None, which would pass for a field
    that was left out. A client that sends ``cursor=null`` or ``limit=null`` has a bug that it wants
    to hear of. Raises Unprocessable naming the field.
    """
    texts: Mapping[str, JsonText] = _fields_marked(shape, _JSON_TEXT)
    _refuse(_fields_marked(shape, _JSON_ONLY), fields)
    content: dict[str, Any] = {}
    for name, text in fields.items():
        if name not in texts:
            content[name] = text
        elif text or not texts[name].may_be_empty:
            content[name] = _decode_json_text(name, text)
    request = _convert(content, shape, strict=False)
    for name in content:
        if getattr(request, name) is None:
            raise Unprocessable.at(name, "null is no value here; leave the field out")
    return request


@functools.cache
def spell_for_form(shape: type[Struct]) -> type[Struct]:
    """Returns the definition as forms and query strings spell it, for the API's document."""
    texts, left_out = _fields_marked(shape, _JSON_TEXT), _fields_marked(shape, _JSON_ONLY)
    fields = [
        _spell_as_text(field, texts[field.name]) if field.name in texts else _copy_field(field)
        for field in msgspec.structs.fields(shape)
        if field.name not in left_out
    ]
    return _define_like(shape, getattr(shape, "form_name", "") or shape.__name__, fields)


@functools.cache
def spell_for_json(shape: type[Struct]) -> type[Struct]:
    """Returns the definition without the fields that belong to files, for the API's document."""
    left_out = _fields_marked(shape, _FORM_ONLY)
    if not left_out:
        return shape
    fields = [_copy_field(f) for f in msgspec.structs.fields(shape) if f.name not in left_out]
    return _define_like(shape, shape.__name__, fields)


def _find_marked(shape: Any, mark: str) -> dict[str, Any]:
    """Returns what stands under this mark in the ``extra`` of fields, by the field's name."""
    if not (isinstance(shape, type) and issubclass(shape, Struct)):
        return {}
    return {
        field.name: extra[mark]
        for field in msgspec.structs.fields(shape)
        for extra in _find_extras(field.type)
        if mark in extra
    }


_fields_marked: Callable[[Any, str], Mapping[str, Any]] = functools.cache(_find_marked)
"""Reading annotations takes as long as reading a request."""


def _find_extras(hint: Any) -> Iterator[Mapping[str, Any]]:
    """Yields the ``extra`` of every Meta in an annotation, also in the members of a union."""
    for part in typing.get_args(hint):
        if isinstance(part, Meta):
            yield part.extra or {}
        else:
            yield from _find_extras(part)


def _spell_as_text(field: msgspec.structs.FieldInfo, text: JsonText) -> tuple[Any, ...]:
    schema: dict[str, Any] = {"contentMediaType": "application/json"}
    for meta in typing.get_args(field.type):
        if isinstance(meta, Meta) and meta.extra_json_schema:
            schema["contentSchema"] = meta.extra_json_schema
    hint = Annotated[str, Meta(description=text.description, extra_json_schema=schema)]
    default = field.default_factory() if field.default is NODEFAULT else field.default
    return field.name, hint, msgspec.json.encode(default).decode()


def _copy_field(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    if field.default_factory is not NODEFAULT:
        default = msgspec.field(default_factory=field.default_factory)
        return field.name, field.type, default
    if field.default is not NODEFAULT:
        return field.name, field.type, field.default
    return field.name, field.type


def _define_like(shape: type[Struct], name: str, fields: list[Any]) -> type[Struct]:
    return msgspec.defstruct(
        name,
        fields,
        namespace={"__doc__": shape.__doc__},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def _decode_json_text(name: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise Unprocessable.at(name, f"not valid JSON: {exc}") from exc


def _convert(content: Any, shape: type[T], *, strict: bool = True) -> T:
    try:
        return msgspec.convert(content, shape, strict=strict)
    except msgspec.ValidationError as exc:
        raise _describe(str(exc)) from exc


def _describe(message: str) -> Unprocessable:
    """Makes an error of msgspec's message, such as: Expected `int`, got `str` - at `$.limit`."""
    problem, _, path = message.partition(" - at ")
    name = path.strip("`").removeprefix("$").removeprefix(".")
    unknown = re.search(r"unknown field `(\w+)`", problem)
    name = name or (unknown.group(1) if unknown else "")
    detail = f"{name}: {problem}" if name else problem
    return Unprocessable(detail, errors=[FieldError(name or "body", problem)])


def _refuse(names: Iterable[str], content: Any) -> None:
    """Refuses fields that the definition has, but not when it is sent in this way."""
    for name in names:
        if name in content:
            raise _describe(f"Object contains unknown field `{name}`")
