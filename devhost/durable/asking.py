"""What a request to the HTTP API asks for. Whatever it gets wrong is answered with 400."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from devhost.durable.events import moment
from devhost.durable.rows import Instance

CONTINUE = "x-ms-continuation-token"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which instances; ``after`` and ``top`` cut a page out of them, by id."""

    prefix: str
    states: frozenset[str]
    """In lower case; none: all of them."""
    since: float
    until: float
    after: str
    top: int | None

    @classmethod
    def of(cls, request: Request) -> Wanted:
        asked = request.query_params
        states = asked.get("runtimeStatus", "").casefold().split(",")
        return cls(
            asked.get("instanceIdPrefix", ""),
            frozenset(filter(None, map(str.strip, states))),
            _moment(request, "createdTimeFrom", 0.0),
            _moment(request, "createdTimeTo", float("inf")),
            request.headers.get(CONTINUE, ""),
            _top(asked.get("top", "")),
        )

    def takes(self, each: Instance) -> bool:
        in_state = not self.states or each.status.casefold() in self.states
        return in_state and self.since <= each.created <= self.until and each.id > self.after


def _moment(request: Request, name: str, default: float) -> float:
    text = request.query_params.get(name, "")
    try:
        return moment(text) if text else default
    except ValueError as exc:
        said = f"{name} must be a time such as 2026-01-31T12:00:00Z, not {text!r}."
        raise HTTPException(400, said) from exc


def _top(text: str) -> int | None:
    if text and (not text.isdecimal() or int(text) == 0):
        raise HTTPException(400, f"top must be a number from 1, not {text!r}.")
    return int(text) if text else None


def is_said(request: Request, name: str, *, default: bool = False) -> bool:
    return request.query_params.get(name, str(default)).casefold() == "true"


async def given(request: Request) -> Any:
    """The body's JSON value; None for no body."""
    body = await request.body()
    try:
        return json.loads(body) if body else None
    except ValueError as exc:
        raise HTTPException(400, f"The body must be JSON: {exc}") from exc


def is_instance_id(text: str) -> bool:
    """1 to 100 characters, none of control or ``/ \\ # ?``, the first no ``@``."""
    return (
        0 < len(text) <= 100
        and not text.startswith("@")
        and not any(c in "/\\#?" or ord(c) < 32 or 127 <= ord(c) < 160 for c in text)
    )
