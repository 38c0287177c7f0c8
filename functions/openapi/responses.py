"""The answer side of an operation: statuses, bodies and headers, told from a contract."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from functions.http import JSON, PROBLEM_JSON, Contract
from functions.openapi.json_schema import Schemas
from functions.openapi.requests import problem_statuses
from functions.schemas.base import Problem

HEADERS = {
    "x-request-id": {
        "description": "Yours, if you sent one, else a new one; the log knows it.",
        "schema": {"type": "string"},
    },
    "server-timing": {
        "description": "Milliseconds by stage, and in total.",
        "schema": {"type": "string"},
    },
    "location": {
        "description": "Where to look how it goes on.",
        "schema": {"type": "string"},
    },
    "retry-after": {
        "description": "Seconds until it is worth another try.",
        "schema": {"type": "string"},
    },
}
_HEADERS_OF = {202: ("location",), 429: ("retry-after",), 503: ("retry-after",)}
_MEANINGS = {
    400: "The request cannot be read: broken JSON, multipart without boundary or cut short.",
    404: "There is no such thing. The host itself answers an unknown route with an empty body.",
    409: "It contradicts what is there already.",
    411: "The body was sent in chunks, without Content-Length.",
    413: "The request is over MAX_UPLOAD_MB.",
    415: "The bytes are no picture of an accepted format.",
    422: "Understood but unusable: wrong type, value out of range, unknown field.",
    429: "Too busy; Retry-After says when to try again.",
    500: "A bug; the log knows more.",
    503: "A dependency is down, or the app is set up wrongly.",
}


_NO_KEY = "The function key is missing or wrong. The host answers so, with an empty body."


def responses(contract: Contract, schemas: Schemas, *, anonymous: bool) -> dict[str, Any]:
    """Returns the responses by status, in order."""
    by_status = {str(status): _answer(contract, status, schemas) for status in contract.statuses}
    for status in problem_statuses(contract) | (set() if anonymous else {401}):
        if status in contract.statuses:
            by_status[str(status)]["content"].update(_problem(schemas))
        else:
            by_status[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
    return dict(sorted(by_status.items()))


def shared_responses(schemas: Schemas) -> dict[str, Any]:
    """Returns the responses of problems, which are the same for every operation."""
    problems = {
        _name(status): _response(status, _problem(schemas), description=text)
        for status, text in _MEANINGS.items()
    }
    return {_name(401): {"description": _NO_KEY}, **problems}


def _name(status: int) -> str:
    return "".join(word.capitalize() for word in re.findall(r"\w+", HTTPStatus(status).phrase))


def _problem(schemas: Schemas) -> dict[str, Any]:
    return {PROBLEM_JSON: {"schema": schemas.of(Problem)}}


def _answer(contract: Contract, status: int, schemas: Schemas) -> dict[str, Any]:
    is_json = contract.media == JSON
    schema = schemas.of(contract.returns) if is_json else {"type": "string", "format": "binary"}
    has_body = status != HTTPStatus.NOT_MODIFIED
    content = {contract.media: {"schema": schema}} if has_body else {}
    return _response(status, content, description=HTTPStatus(status).phrase)


def _response(status: int, content: dict[str, Any], *, description: str) -> dict[str, Any]:
    names = ["x-request-id", "server-timing", *_HEADERS_OF.get(status, ())]
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    rest = {"content": content} if content else {}
    return {"description": description, "headers": headers, **rest}
