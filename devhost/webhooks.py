"""The host's own endpoints: readiness, and Event Grid posts in Azure's wire format."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devhost.blobs.player import Player
from devhost.blobs.values import event_value
from devhost.indexing import EVENT_GRID, Indexed
from devhost.invoking import Invocation, Invoker
from devhost.keys import Keys

log = logging.getLogger("devhost.events")

Event = dict[str, Any]


class HostEndpoints:
    def __init__(
        self, functions: Sequence[Indexed], player: Player, *, invoke: Invoker, keys: Keys
    ) -> None:
        self._functions = {function.name.casefold(): function for function in functions}
        self._player = player
        self._invoke = invoke
        self._keys = keys

    def routes(self) -> list[Route]:
        return [
            Route("/admin/host/status", self.status),
            Route("/runtime/webhooks/blobs", self._keys.guard(self.blobs), methods=["POST"]),
            Route(
                "/runtime/webhooks/eventgrid",
                self._keys.guard(self.event_grid),
                methods=["POST", "OPTIONS"],
            ),
        ]

    async def status(self, request: Request) -> Response:
        """``pendingBlobEvents`` is this host's own addition."""
        return JSONResponse(
            {
                "state": "Running",
                "functions": [function.name for function in self._functions.values()],
                "pendingBlobEvents": self._player.delivery.pending,
            }
        )

    async def blobs(self, request: Request) -> Response:
        """BlobCreated for a blob trigger. The host reads little more than the event's URL."""
        name = _function_name(request).removeprefix("host.functions.")
        if not self._player.has(name):
            return Response(status_code=404)
        events = await _events(request)
        if isinstance(events, Response):
            return events
        for event in events:
            data = event["data"]
            container, blob = _container_and_blob(str(data.get("url", "")))
            await self._player.posted(name, container, blob, str(data.get("eTag", "")))
        return Response(status_code=202)

    async def event_grid(self, request: Request) -> Response:
        function = self._functions.get(_function_name(request))
        if function is None or function.kind != EVENT_GRID:
            return Response(status_code=404)
        if request.method == "OPTIONS":  # the handshake of the CloudEvents schema
            origin = request.headers.get("webhook-request-origin", "")
            return Response(headers={"webhook-allowed-origin": origin, "webhook-allowed-rate": "*"})
        events = await _events(request)
        if isinstance(events, Response):
            return events
        ran = await asyncio.gather(*(self._run(function, event) for event in events))
        return Response(status_code=202 if all(ran) else 500)

    async def _run(self, function: Indexed, event: Event) -> bool:
        invocation = Invocation(function)
        try:
            await self._invoke(invocation, event_value(event))
        except Exception:
            log.exception("%s failed", invocation)
            return False
        log.info("event  %s -> %s", event.get("subject"), function.name)
        return True


def _function_name(request: Request) -> str:
    return request.query_params.get("functionName", "").casefold()


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
