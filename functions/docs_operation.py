"""One operation on the documentation page: what it takes, a curl line, what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from functions.docs_curl import curl
from functions.docs_types import REQUIRED, fields, prose, row, table, type_of
from functions.openapi_schemas import Schema

_SECTION = Markup(
    '<section class="operation" id="{name}"><h3>{method} <code>{path}</code>{lock}</h3>'
    "<p><strong>{summary}.</strong> {about}</p>{parameters}{body}<pre>{curl}</pre>"
    "{answers}</section>"
)
_METHOD = Markup('<span class="method {0}">{0}</span>')
_ANONYMOUS = Markup(' <small class="free">no key</small>')
_ALSO_IN_QUERY = Markup(
    '<p class="answer">Each field but the file may come in the query string instead.</p>'
)


def badge(method: str) -> Markup:
    return _METHOD.format(method)


def section(
    path: str, method: str, operation: Mapping[str, Any], document: Mapping[str, Any], *, base: str
) -> Markup:
    """``base`` is scheme and host of the app, for the curl line."""
    content = operation.get("requestBody", {}).get("content", {})
    parameters = operation.get("parameters", ())
    is_twice = bool(content) and any(one["in"] == "query" for one in parameters)
    return _SECTION.format(
        name=operation["operationId"],
        method=badge(method),
        path=path,
        lock=Markup("") if operation["security"] else _ANONYMOUS,
        summary=prose(operation["summary"]),
        about=prose(operation.get("description", "")),
        parameters=_parameters([p for p in parameters if not (is_twice and p["in"] == "query")]),
        body=_body(content, document) + (_ALSO_IN_QUERY if is_twice else ""),
        curl=curl(base, path, method, operation),
        answers=_answers(operation["responses"], document),
    )


def resolved(schema: Schema, document: Mapping[str, Any]) -> Schema:
    """What a reference refers to."""
    if "$ref" not in schema:
        return schema
    _, _, kind, name = schema["$ref"].split("/")
    found: Schema = document["components"][kind][name]
    return found


def _parameters(given: Sequence[Mapping[str, Any]]) -> Markup:
    rows = []
    for one in given:
        mark = REQUIRED if one.get("required") else Markup("")
        mark += Markup(" <small>{}</small>").format(one["in"])
        rows.append(row(one["name"], one["schema"], mark=mark, about=one.get("description", "")))
    return Markup("<h4>Parameters</h4>{}").format(table(rows)) if rows else Markup("")


def _body(content: Mapping[str, Any], document: Mapping[str, Any]) -> Markup:
    """Media types of one shape share a table."""
    shapes: dict[str, tuple[list[str], Schema]] = {}
    used = [name for about in content.values() for name in about.get("example", ())]
    for media, about in content.items():
        shape = resolved(about["schema"], document)
        shapes.setdefault(repr(shape), ([], shape))[0].append(media)
    found = Markup("")
    for types, shape in shapes.values():
        names = Markup(" or ").join(Markup("<code>{}</code>").format(name) for name in types)
        found += Markup("<h4>Body {}</h4>{}").format(names, fields(shape, first=used))
    return found


def _answers(responses: Mapping[str, Schema], document: Mapping[str, Any]) -> Markup:
    """Answers with their shapes; problems, which are alike everywhere, by number only."""
    found, problems = Markup(""), []
    for status, given in responses.items():
        if "$ref" in given:
            link = Markup('<a href="#problem-{0}" title="{1}">{0}</a>')
            problems.append(link.format(status, resolved(given, document)["description"]))
        else:
            found += _answer(status, given, document)
    return found + Markup("<h4>Problems</h4><p>{}</p>").format(Markup(" · ").join(problems))


def _answer(status: str, response: Schema, document: Mapping[str, Any]) -> Markup:
    """The status and what comes with it; unfolded, the fields of a JSON answer."""
    content = response.get("content", {})
    head = Markup("<b>{}</b> {}").format(status, _kinds(content) or response["description"])
    shapes = [
        resolved(shape, document)
        for about in content.values()
        for shape in about["schema"].get("anyOf", (about["schema"],))
    ]
    inner = Markup("").join(fields(shape, is_answer=True) for shape in shapes)
    if not inner:
        return Markup('<p class="answer">{}</p>').format(head)
    return Markup('<details class="answer"><summary>{}</summary>{}</details>').format(head, inner)


def _kinds(content: Mapping[str, Any]) -> Markup:
    shown = Markup("{} <code>{}</code>")
    return Markup(", ").join(
        shown.format(type_of(about["schema"]), media) for media, about in content.items()
    )
