"""A curl line for an operation, out of its examples."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from functions.http.responses import JSON
from functions.openapi_schemas import Schema

WIDTH = 88
"""A longer command is broken up, an option a line."""


def curl(base: str, path: str, method: str, operation: Mapping[str, Any]) -> str:
    """Ready to paste into a shell; ``base`` is where the app answers."""
    body = operation.get("requestBody", {})
    options = [*_method(method, operation), *_headers(operation), *_body(body)]
    parts = [f"curl -s {shlex.quote(base + _filled(path, operation))}", *options]
    line = " ".join(parts)
    return line if len(line) <= WIDTH else " \\\n  ".join(parts)


def _filled(path: str, operation: Mapping[str, Any]) -> str:
    given = {
        (one["in"], one["name"]): str(one["example"])
        for one in operation.get("parameters", ())
        if "example" in one
    }
    for (place, name), value in given.items():
        if place == "path":
            path = path.replace(f"{{{name}}}", quote(value))
    query = urlencode({name: v.lower() for (place, name), v in given.items() if place == "query"})
    return f"{path}?{query}" if query else path


def _method(method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    if method != "GET" and not (method == "POST" and "requestBody" in operation):
        yield f"-X {method}"


def _headers(operation: Mapping[str, Any]) -> Iterator[str]:
    for one in operation.get("parameters", ()):
        if one["in"] == "header" and "example" in one:
            yield "-H " + shlex.quote(f"{one['name']}: {one['example']}")


def _body(body: Mapping[str, Any]) -> Iterator[str]:
    for media, content in body.get("content", {}).items():
        if "example" in content and media == JSON:
            yield f"-H 'content-type: {JSON}'"
            yield f"-d {shlex.quote(json.dumps(content['example'], ensure_ascii=False))}"
        elif "example" in content:
            yield from _form(content["schema"], content["example"])


def _form(schema: Schema, example: Mapping[str, Any]) -> Iterator[str]:
    for name, given in example.items():
        kind = schema["properties"][name]
        is_file = "binary" in (kind.get("format"), kind.get("items", {}).get("format"))
        for value in given if isinstance(given, list) else [given]:
            yield f"-F {shlex.quote(f'{name}=@{value}' if is_file else f'{name}={value}')}"
