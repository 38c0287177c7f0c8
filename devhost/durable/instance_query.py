"""Reads the parameters of requests to the HTTP API. As in Azure, unreadable values are ignored."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from devhost.durable.events import parse_time
from devhost.durable.tables import Instance

CONTINUATION_HEADER = "x-ms-continuation-token"

PAGE_SIZE = 100
"""Instances on a page, unless the request names a number."""

_STATUSES = frozenset(
    {
        *("pending", "running", "suspended", "continuedasnew"),
        *("completed", "failed", "terminated", "canceled"),
    }
)


@dataclass(frozen=True, slots=True)
class InstanceQuery:
    """Selects instances; ``after`` and ``top`` cut a page out of them, in the order of the ids."""

    prefix: str
    statuses: frozenset[str]
    """In lower case; none: all of them."""
    created_from: float
    created_to: float
    after: str
    """The id that the page before ended with."""
    top: int

    @classmethod
    def from_request(cls, request: Request) -> InstanceQuery:
        """Raises ValueError for a ``top`` below one, at which Azure's host fails."""
        query = request.query_params
        statuses = query.get("runtimeStatus", "").casefold().split(",")
        return cls(
            query.get("instanceIdPrefix", ""),
            frozenset(map(str.strip, statuses)) & _STATUSES,
            _read_time(request, "createdTimeFrom", 0.0),
            _read_time(request, "createdTimeTo", float("inf")),
            read_token(request.headers.get(CONTINUATION_HEADER, "")),
            _read_top(query.get("top", "")),
        )

    def matches(self, instance: Instance) -> bool:
        has_status = not self.statuses or instance.status.casefold() in self.statuses
        is_in_time = self.created_from <= instance.created <= self.created_to
        return has_status and is_in_time and instance.id > self.after


def make_token(after: str) -> str:
    return base64.b64encode(json.dumps({"after": after}).encode()).decode()


def read_token(token: str) -> str:
    """Raises ValueError for a token that ``make_token`` did not make."""
    return str(json.loads(base64.b64decode(token))["after"]) if token else ""


def _read_time(request: Request, name: str, default: float) -> float:
    text = request.query_params.get(name, "")
    try:
        return parse_time(text) if text else default
    except ValueError:
        return default


def _read_top(text: str) -> int:
    try:
        top = int(text)
    except ValueError:
        return PAGE_SIZE
    if top < 1:
        raise ValueError(f"top is {top}")
    return top


def read_flag(request: Request, name: str, *, default: bool = False) -> bool:
    return request.query_params.get(name, str(default)).casefold() == "true"


async def read_json(request: Request) -> Any:
    """Returns the body's JSON value, None for an empty body. Raises ValueError."""
    body = await request.body()
    return json.loads(body) if body else None


async def read_event(request: Request) -> Any:
    try:
        return await read_json(request)
    except ValueError as exc:
        raise HTTPException(400, f"The body must be JSON: {exc}") from exc


def is_instance_id(text: str) -> bool:
    """Allows 1 to 100 characters, without slashes and control characters."""
    return 0 < len(text) <= 100 and not any(
        c in "/\\" or ord(c) < 32 or 127 <= ord(c) < 160 for c in text
    )
