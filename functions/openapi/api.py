"""The document of this app: it describes the HTTP functions of every registered blueprint."""

from __future__ import annotations

import functools
from typing import Any

import azure.functions as func

from functions.schemas.fields import FILTER
from shared_code.app import current_app
from shared_code.domain.filters import FieldType

_blueprints: list[func.Blueprint] = []


def describe(*blueprints: func.Blueprint) -> None:
    """Has the document describe the HTTP functions of these blueprints."""
    _blueprints.extend(blueprints)


def api_document() -> dict[str, Any]:
    """Returns the OpenAPI document, with the filters of this deployment."""
    return _document(tuple(current_app().settings.filterable_fields.items()))


@functools.lru_cache(maxsize=1)
def _document(fields: tuple[tuple[str, FieldType], ...]) -> dict[str, Any]:
    # imported here, since a cold start needs none of it
    from functions.openapi.document import document, endpoints
    from functions.openapi.filters import filter_schema

    collected = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    for blueprint in _blueprints:
        collected.register_functions(blueprint)
    shared = {FILTER: filter_schema(dict(fields))}
    return document(endpoints(collected.get_functions()), shared)
