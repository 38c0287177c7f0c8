"""JSON Schemas as words for people, in HTML. Markup escapes whatever is put into it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from markupsafe import Markup, escape

from functions.openapi_schemas import Schema, without_null

REQUIRED = Markup(' <small class="must">required</small>')
SOMETIMES = Markup(" <small>not always</small>")


def type_of(schema: Schema) -> Markup:
    """``integer, 1 to 100``; another schema as a link to it."""
    if "$ref" in schema:
        return _link(schema["$ref"])
    if "anyOf" in schema:
        return Markup(" or ").join(type_of(each) for each in schema["anyOf"])
    if "enum" in schema:
        return Markup(", ").join(_code(value) for value in schema["enum"])
    if "const" in schema:
        return _code(schema["const"])
    return Markup("{}{}{}").format(_plain(schema), _bounds(schema), _such_as(schema))


def fields(shape: Schema, *, is_answer: bool = False, first: Collection[str] = ()) -> Markup:
    """The fields of an object, as a table; empty for one that names none.

    Those named in ``first``, the ones that an example uses, come first and in that order.
    """
    properties = shape.get("properties", {})
    ordered = [*(name for name in first if name in properties), *properties]
    required = shape.get("required", ())
    marks = (Markup(""), SOMETIMES) if is_answer else (REQUIRED, Markup(""))
    rows = [
        row(name, properties[name], mark=marks[0])
        if name in required
        else row(name, without_null(properties[name]), mark=marks[1])
        for name in dict.fromkeys(ordered)
    ]
    return table(rows)


def row(name: str, schema: Schema, *, mark: Markup, about: str = "") -> Markup:
    """One field or parameter; ``mark`` is HTML after its name."""
    return Markup("<tr><th><code>{}</code>{}</th><td>{}{}</td><td>{}</td></tr>").format(
        name, mark, type_of(schema), _default(schema), prose(about or _described(schema))
    )


def table(rows: Iterable[Markup]) -> Markup:
    body = Markup("").join(rows)
    return Markup('<div class="wide"><table>{}</table></div>').format(body) if body else Markup("")


def prose(text: str) -> Markup:
    """What stands between backticks is code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if position % 2 else escape(part)
        for position, part in enumerate(parts)
    )


def _plain(schema: Schema) -> Markup:
    kind = schema.get("type", "anything")
    if kind == "array":
        return Markup("list of {}").format(type_of(schema.get("items", {})))
    if schema.get("format") == "binary":
        return Markup("file")
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return Markup("object of {}").format(type_of(schema["additionalProperties"]))
    if "contentMediaType" in schema:
        inner = schema.get("contentSchema")
        return Markup("JSON text") + (Markup(" of {}").format(type_of(inner)) if inner else "")
    if kind == "object" and schema.get("properties"):
        names = Markup(", ").join(_code(name, as_json=False) for name in schema["properties"])
        return Markup("object with {}").format(names)
    return escape("true or false" if kind == "boolean" else kind)


def _bounds(schema: Schema) -> str:
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " of them"),
    ):
        least, most = schema.get(low), schema.get(high)
        if least is not None and most is not None:
            return f", {least:,} to {most:,}{unit}"
        if most is not None:
            return f", up to {most:,}{unit}"
        if least is not None:
            return f", at least {least:,}{unit}"
    return ""


def _such_as(schema: Schema) -> Markup:
    examples = [_code(each) for each in schema.get("examples", ())]
    return Markup(", such as ") + Markup(", ").join(examples) if examples else Markup("")


def _default(schema: Schema) -> Markup:
    given = schema.get("default")
    if given in (None, "", {}, "{}"):
        return Markup("")
    return Markup(" <small>default</small> {}").format(_code(given))


def _described(schema: Schema) -> str:
    """The description of what may be null stands one level down."""
    found = [each.get("description", "") for each in (schema, *schema.get("anyOf", ()))]
    return next(filter(None, found), "")


def _link(ref: str) -> Markup:
    name = ref.rpartition("/")[2]
    return Markup('<a href="#schema-{0}">{0}</a>').format(name)


def _code(value: Any, *, as_json: bool = True) -> Markup:
    text = json.dumps(value, ensure_ascii=False) if as_json else str(value)
    return Markup("<code>{}</code>").format(text)
