"""GET openapi.json and docs: what this API takes and answers, told by its own definitions.

Both are anonymous: they say what the code says, and the names of the fields that filters know.
"""

from __future__ import annotations

import functools
from typing import Any

import azure.functions as func

from functions.http.edge import endpoint
from functions.openapi.document import document, endpoints
from functions.openapi.filters import filter_schema
from functions.openapi.viewer import render_viewer
from functions.schemas.fields import FILTER
from shared_code.app import current_app
from shared_code.domain.filters import FieldType

bp = func.Blueprint()

_described: list[func.Blueprint] = []


def describe(*blueprints: func.Blueprint) -> None:
    """The document shall tell of their HTTP functions."""
    _described.extend(blueprints)


def described() -> dict[str, Any]:
    """The document, with the filters of this deployment."""
    return _document(tuple(current_app().settings.filterable_fields.items()))


@functools.lru_cache(maxsize=1)
def _document(fields: tuple[tuple[str, FieldType], ...]) -> dict[str, Any]:
    collected = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    for blueprint in _described:
        collected.register_functions(blueprint)
    shared = {FILTER: filter_schema(dict(fields))}
    return document(endpoints(collected.get_functions()), shared)


@bp.route(route="v1/openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def openapi_document() -> dict[str, Any]:
    """This API as an OpenAPI 3.1 document."""
    return described()


@bp.route(route="v1/docs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(media="text/html")
def docs(req: func.HttpRequest) -> func.HttpResponse:
    """This page."""
    return render_viewer()
