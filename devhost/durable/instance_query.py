"""Reads what a request to the HTTP API asks for. As in Azure, unreadable values are ignored."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from devhost.durable.events import moment
from devhost.durable.tables import Instance

CONTINUE = "x-ms-continuation-token"

PAGE = 100
"""Instances of a page where the request names no number."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which instances; ``after`` and ``top`` cut a page out of them, by id."""

    prefix: str
    states: frozenset[str]
    """In lower case; none: all of them."""
    since: float
    until: float
    after: str
    top: int

    @classmethod
    def of(cls, request: Request) -> Wanted:
        """Raises ValueError for a number of instances below one, at which Azure's host fails."""
        query = request.query_params
        states = query.get("runtimeStatus", "").casefold().split(",")
        return cls(
            query.get("instanceIdPrefix", ""),
            frozenset(map(str.strip, states)) & _STATES,
            _moment(request, "createdTimeFrom", 0.0),
            _moment(request, "createdTimeTo", float("inf")),
            read_token(request.headers.get(CONTINUE, "")),
            _top(query.get("top", "")),
        )

    def takes(self, each: Instance) -> bool:
        in_state = not self.states or each.status.casefold() in self.states
        return in_state and self.since <= each.created <= self.until and each.id > self.after


_STATES = frozenset(
    {
        *("pending", "running", "suspended", "continuedasnew"),
        *("completed", "failed", "terminated", "canceled"),
    }
)


def make_token(after: str) -> str:
    return base64.b64encode(json.dumps({"after": after}).encode()).decode()


def read_token(token: str) -> str:
    """Raises ValueError for what is none of ours."""
    return str(json.loads(base64.b64decode(token))["after"]) if token else ""


def _moment(request: Request, name: str, default: float) -> float:
    text = request.query_params.get(name, "")
    try:
        return moment(text) if text else default
    except ValueError:
        return default


def _top(text: str) -> int:
    try:
        top = int(text)
    except ValueError:
        return PAGE
    if top < 1:
        raise ValueError(f"top is {top}")
    return top


def is_said(request: Request, name: str, *, default: bool = False) -> bool:
    return request.query_params.get(name, str(default)).casefold() == "true"


async def json_body(request: Request) -> Any:
    """The body's JSON value; None for no body. Raises ValueError."""
    body = await request.body()
    return json.loads(body) if body else None


async def event_body(request: Request) -> Any:
    try:
        return await json_body(request)
    except ValueError as exc:
        raise HTTPException(400, f"The body must be JSON: {exc}") from exc


def is_instance_id(text: str) -> bool:
    """1 to 100 characters, none of control and no slash."""
    return 0 < len(text) <= 100 and not any(
        c in "/\\" or ord(c) < 32 or 127 <= ord(c) < 160 for c in text
    )
