"""The documentation page: the OpenAPI document as one HTML page, with no script at all."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from functions.docs_operation import badge, resolved, section
from functions.docs_types import fields, prose, table

_STYLE = Path(__file__).parents[1] / "web" / "docs.css"

_PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{title}</title><style>{style}</style></head>"
    '<body><a class="skip" href="#content">To the content</a><nav>{contents}</nav>'
    '<main id="content">{intro}{sections}{problems}{schemas}</main></body></html>'
)
_INTRO = Markup(
    '<header><h1>{title}</h1><p class="version">{version} · '
    '<a href="openapi.json">openapi.json</a> (OpenAPI {openapi})</p><p>{about}</p>'
    "<p>{key} Errors are <code>application/problem+json</code>: "
    '<a href="#schema-Problem">Problem</a>.</p></header>'
)
_REST = Markup(
    '<h2>All over</h2><ul><li><a href="#problems">Problems</a></li>'
    '<li><a href="#schemas">Schemas</a></li></ul>'
)


@functools.cache
def style() -> Markup:
    return Markup(_STYLE.read_text(encoding="utf-8"))  # noqa: S704  # our own file


@functools.cache
def content_security_policy() -> str:
    """Nothing is loaded from anywhere, and nothing runs; the one style is known by its hash."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def page(document: Mapping[str, Any], base: str) -> str:
    """``base`` is scheme and host of the app, for the curl lines."""
    return _PAGE.format(
        title=document["info"]["title"],
        style=style(),
        contents=_contents(document),
        intro=_intro(document),
        sections=Markup("").join(_groups(document, base)),
        problems=_problems(document),
        schemas=_schemas(document["components"]["schemas"]),
    )


def _operations(document: Mapping[str, Any], tag: str) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield path, method.upper(), operation


def _contents(document: Mapping[str, Any]) -> Markup:
    found = Markup('<a class="home" href="#content">{}</a>').format(document["info"]["title"])
    for tag in document["tags"]:
        found += Markup("<h2>{}</h2><ul>").format(tag["name"])
        for path, method, operation in _operations(document, tag["name"]):
            found += Markup('<li><a href="#{}">{} {}</a></li>').format(
                operation["operationId"], badge(method), _short(path)
            )
        found += Markup("</ul>")
    return found + _REST


def _intro(document: Mapping[str, Any]) -> Markup:
    info = document["info"]
    key = document["components"]["securitySchemes"]["functionKey"]
    return _INTRO.format(
        title=info["title"],
        version=info["version"],
        openapi=document["openapi"],
        about=prose(info["description"]),
        key=prose(f"Send the header `{key['name']}`. {key['description']}"),
    )


def _groups(document: Mapping[str, Any], base: str) -> Iterator[Markup]:
    for tag in document["tags"]:
        yield Markup("<h2>{}</h2><p>{}</p>").format(tag["name"], prose(tag["description"]))
        for path, method, operation in _operations(document, tag["name"]):
            yield section(path, method, operation, document, base=base)


def _problems(document: Mapping[str, Any]) -> Markup:
    """Every operation refers to these."""
    meanings = {
        status: resolved(given, document)["description"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for status, given in operation["responses"].items()
        if "$ref" in given
    }
    text = Markup('<tr id="problem-{0}"><th>{0}</th><td>{1}</td></tr>')
    rows = [text.format(status, meaning) for status, meaning in sorted(meanings.items())]
    return Markup('<h2 id="problems">Problems</h2>{}').format(table(rows))


def _schemas(schemas: Mapping[str, Any]) -> Markup:
    found = Markup('<h2 id="schemas">Schemas</h2>')
    for name, schema in sorted(schemas.items()):
        about = prose(schema.get("description", ""))
        found += Markup('<section id="schema-{0}"><h3>{0}</h3><p>{1}</p>{2}</section>').format(
            name, about, fields(schema)
        )
    return found


def _short(path: str) -> str:
    return path.removeprefix("/api/v1/")
