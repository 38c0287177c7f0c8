"""The request side of an operation: parameters and body, told from a contract's arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.http import (
    JSON,
    Argument,
    Contract,
    FormBody,
    Header,
    JsonBody,
    QueryString,
    RoutePath,
)
from functions.openapi.json_schema import Schema, Schemas, without_null
from functions.schemas.base import spell_for_form, spell_for_json

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def parameters(
    contract: Contract, schemas: Schemas, example: Mapping[str, Any]
) -> list[dict[str, Any]]:
    described = [p for argument in contract.arguments for p in _parameters(argument, schemas)]
    has_body = any(isinstance(a.source, JsonBody | FormBody) for a in contract.arguments)
    for parameter in described:
        if parameter["name"] in example and not (has_body and parameter["in"] == "query"):
            parameter["example"] = example[parameter["name"]]
    return described


def body(contract: Contract, schemas: Schemas, example: Any) -> dict[str, Any] | None:
    """The ``requestBody``; None for an operation without one."""
    for argument in contract.arguments:
        if isinstance(argument.source, JsonBody):
            return _required({JSON: _media(schemas.of(spell_for_json(argument.shape)), example)})
        if isinstance(argument.source, FormBody):
            return _required(_form_media(argument.source, argument.shape, schemas, example))
    return None


def problem_statuses(contract: Contract) -> set[int]:
    """Returns the statuses of problems: those of the arguments, and those declared."""
    sources = [argument.source for argument in contract.arguments]
    statuses = {422, 500, 503, *contract.problems}
    if any(isinstance(source, JsonBody | FormBody) for source in sources):
        statuses |= {400, 411, 413}
    if any(isinstance(source, FormBody) and source.files for source in sources):
        statuses.add(415)
    if any(isinstance(source, RoutePath) for source in sources):
        statuses.add(404)
    return statuses


def _parameters(argument: Argument, schemas: Schemas) -> list[dict[str, Any]]:
    match argument.source:
        case QueryString():
            return _fields("query", schemas.object_of(spell_for_form(argument.shape)))
        case RoutePath():
            return _fields("path", schemas.object_of(argument.shape))
        case FormBody(with_query=True) as source:
            shape = spell_for_form(source.form_of(argument.shape))
            fields = _fields("query", schemas.object_of(shape))
            return [{**field, "required": False} for field in fields]
        case Header() as source:
            return [_header(source)]
    return []


def _header(source: Header) -> dict[str, Any]:
    about: dict[str, Any] = {
        "name": source.name,
        "in": "header",
        "description": source.description,
        "required": source.needed,
        "schema": {"type": "string"},
    }
    return {**about, "example": source.example} if source.example and source.needed else about


def _fields(place: str, shape: Schema) -> list[dict[str, Any]]:
    fields = []
    for name, field_schema in shape["properties"].items():
        schema = without_null(field_schema)
        about = {"name": name, "in": place, "schema": schema}
        if "description" in schema:
            about["description"] = schema.pop("description")
        if place == "path":
            schema.pop("default", None)
        about["required"] = place == "path" or name in shape["required"]
        fields.append(about)
    return fields


def _form_media(
    source: FormBody, shape: Any, schemas: Schemas, example: Any
) -> dict[str, dict[str, Any]]:
    fields = schemas.object_of(spell_for_form(source.form_of(shape)))
    fields["properties"] = {n: without_null(s) for n, s in fields["properties"].items()}
    if source.with_query:
        fields["required"] = []
    plain = {} if source.least else {URLENCODED: _media(fields, None)}
    json = {JSON: _media(schemas.of(spell_for_json(source.json)), example)} if source.json else {}
    return {**json, MULTIPART: _multipart(fields, source, None if json else example), **plain}


def _multipart(fields: Schema, source: FormBody, example: Any) -> dict[str, Any]:
    if not source.files:
        return _media(fields, example)
    file = {"type": "string", "format": "binary"}
    files = (
        {**file, "description": "A picture."}
        if source.most == 1
        else {"type": "array", "items": file, "minItems": source.least, "maxItems": source.most}
    )
    required = [*fields["required"], *([source.files] if source.least else [])]
    properties = {**fields["properties"], source.files: files}
    return _media({**fields, "properties": properties, "required": required}, example)


def _media(schema: Schema, example: Any) -> dict[str, Any]:
    return {"schema": schema} if example is None else {"schema": schema, "example": example}


def _required(content: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"required": True, "content": content}
