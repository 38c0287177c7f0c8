"""The host's own endpoints: readiness, and Event Grid posts in Azure's wire format."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devhost.blobs.player import Player
from devhost.indexing import Indexed
from devhost.keys import Keys

log = logging.getLogger("devhost.events")

Event = dict[str, Any]


class HostEndpoints:
    def __init__(
        self,
        functions: Sequence[Indexed],
        player: Player,
        *,
        pending: Callable[[], Awaitable[int]],
        keys: Keys,
    ) -> None:
        self._functions = functions
        self._player = player
        self._pending = pending
        self._keys = keys

    def routes(self) -> list[Route]:
        return [
            Route("/admin/host/status", self.status),
            Route("/runtime/webhooks/blobs", self._keys.guard(self.blobs), methods=["POST"]),
        ]

    async def status(self, request: Request) -> Response:
        """``pendingBlobEvents`` is this host's own addition."""
        return JSONResponse(
            {
                "state": "Running",
                "functions": [function.name for function in self._functions],
                "pendingBlobEvents": await self._pending(),
            }
        )

    async def blobs(self, request: Request) -> Response:
        """BlobCreated for a blob trigger. The host reads little more than the event's URL."""
        name = request.query_params.get("functionName", "").removeprefix("Host.Functions.")
        events = await _events(request)
        if isinstance(events, Response):
            return events
        if not self._player.has(name):  # the host says no word of it either, and drops them
            log.warning("events for %r are dropped: no blob trigger is called so", name)
        for event in events:
            data = event["data"]
            container, blob = _container_and_blob(str(data.get("url", "")))
            await self._player.posted(name, container, blob, str(data.get("eTag", "")))
        return Response(status_code=202)


async def _events(request: Request) -> list[Event] | Response:
    """The posted events, or the answer to a post that carries none."""
    kind = request.headers.get("aeg-event-type", "").casefold()
    if not kind:
        return Response("the header aeg-event-type is missing", 400)
    try:
        posted = json.loads(await request.body())
    except ValueError:
        return Response("the body is not JSON", 400)
    events = posted if isinstance(posted, list) else [posted]
    if not all(isinstance(event, dict) and isinstance(event.get("data"), dict) for event in events):
        return Response("each event needs an object named data", 400)
    if kind == "subscriptionvalidation":
        return JSONResponse({"validationResponse": events[0]["data"].get("validationCode")})
    return events if kind == "notification" else Response(status_code=202)


def _container_and_blob(url: str) -> tuple[str, str]:
    """From a blob's URL; Azurite's and other emulators' begin with the account's name."""
    parts = urlsplit(url)
    segments = unquote(parts.path).lstrip("/").split("/")
    host = parts.hostname or ""
    if host == "localhost" or host.replace(".", "").isdecimal():
        del segments[0]
    return segments[0], "/".join(segments[1:])
