"""The OpenAPI 3.1 document, made of the registered functions and their contracts."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from functions.http import Contract, contract_behind
from functions.openapi.examples import EXAMPLES
from functions.openapi.json_schema import Schema, Schemas
from functions.openapi.requests import body, parameters
from functions.openapi.responses import HEADERS, responses, shared_responses
from shared_code.version import __version__

ROUTE_PREFIX = "/api/"
"""host.json says so."""

_HEADINGS = {"docs": "Documentation"}
"""The headings of modules whose names tell a caller too little."""

TITLE = "Catalogue image search"
DESCRIPTION = (
    "Search a product catalogue by words, by a picture, by both, with filters. "
    "Unknown fields and parameters are refused (422), so that a mistyped option is never "
    "ignored in silence."
)

_KEYS = {
    "functionKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-functions-key",
        "description": "A function key of the app. On your own machine none is asked for.",
    },
    "functionKeyInQuery": {"type": "apiKey", "in": "query", "name": "code"},
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one route."""

    method: str
    path: str
    anonymous: bool
    contract: Contract

    @property
    def tag(self) -> str:
        """Its module's name, as a heading."""
        module = self.contract.module.rpartition(".")[2]
        return _HEADINGS.get(module, module.replace("_", " ").capitalize())


def endpoints(functions: Iterable[func.decorators.function_app.Function]) -> list[Endpoint]:
    """Returns the endpoints of the HTTP functions among those registered, in their order.

    HEAD is not described: it is GET without the body, as HTTP says.
    """
    endpoints = []
    for function in functions:
        contract = contract_behind(function.get_user_function())
        if contract is not None:
            bindings = function.get_bindings_dict()["bindings"]
            [trigger] = [binding for binding in bindings if "route" in binding]
            path = ROUTE_PREFIX + trigger["route"].replace("{*", "{")
            anonymous = trigger.get("authLevel") == func.AuthLevel.ANONYMOUS
            methods = [str(method.value) for method in trigger["methods"]]
            endpoints += [
                Endpoint(method, path, anonymous, contract)
                for method in methods
                if method != "HEAD"
            ]
    return endpoints


def document(served: Sequence[Endpoint], shared: Mapping[str, Schema]) -> dict[str, Any]:
    """Returns the document. ``shared`` holds the schemas that depend on settings."""
    schemas = Schemas(shared)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in served:
        methods = paths.setdefault(endpoint.path, {})
        methods[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": _tags(served),
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": shared_responses(schemas),
            "headers": HEADERS,
            "securitySchemes": _KEYS,
        },
    }


def _operation(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    contract = endpoint.contract
    example = EXAMPLES.get(contract.name)
    summary, _, description = contract.prose.partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": contract.name,
        "tags": [endpoint.tag],
        "summary": " ".join(summary.split()).rstrip("."),
        "description": " ".join(description.split()),
        "parameters": parameters(contract, schemas, example or {}),
        "requestBody": body(contract, schemas, example),
        "responses": responses(contract, schemas, anonymous=endpoint.anonymous),
        "security": [] if endpoint.anonymous else [{name: []} for name in _KEYS],
    }
    return {k: v for k, v in operation.items() if k == "security" or v}


def _tags(served: Sequence[Endpoint]) -> list[dict[str, str]]:
    modules = {endpoint.tag: endpoint.contract.module for endpoint in served}
    return [
        {"name": tag, "description": (sys.modules[module].__doc__ or "").partition("\n\n")[0]}
        for tag, module in modules.items()
    ]
