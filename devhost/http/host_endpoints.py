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

from devhost.blobs.watcher import Player
from devhost.functions import Indexed
from devhost.http.keys import Keys

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
            Route(
                "/runtime/webhooks/blobs",
                self._keys.guard(self.blobs),
                methods=["POST", "OPTIONS"],
            ),
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
        """BlobCreated for a blob trigger. The host reads little more than the event's URL, and
        answers what it cannot read with 500."""
        if request.method == "OPTIONS":
            return _handshake_of_cloud_events(request)
        kind = request.headers.get("aeg-event-type", "").casefold()
        if kind not in ("subscriptionvalidation", "notification", "unsubscribe"):
            return Response(status_code=400)
        if kind == "unsubscribe":
            return Response(status_code=202)
        try:
            events = _parse_events(await request.body())
            if kind == "subscriptionvalidation":
                return JSONResponse({"validationResponse": events[0]["data"]["validationCode"]})
            blobs = [_container_and_blob(event["data"]["url"]) for event in events]
        except (ValueError, LookupError, TypeError, AttributeError) as exc:
            log.warning("a post that cannot be read is answered with 500: %r", exc)
            return Response(status_code=500)
        name = request.query_params.get("functionName", "").removeprefix("Host.Functions.")
        if not self._player.has(name):  # the host says no word of it either, and drops them
            log.warning("events for %r are dropped: no blob trigger is called so", name)
        for event, (container, blob) in zip(events, blobs, strict=True):
            await self._player.posted(name, container, blob, str(event["data"].get("eTag", "")))
        return Response(status_code=202)


def _handshake_of_cloud_events(request: Request) -> Response:
    """Allows the origin that asks, as the standard of CloudEvents' webhooks wants it."""
    origin = request.headers.get("webhook-request-origin", "")
    return Response(status_code=200, headers={"webhook-allowed-origin": origin} if origin else {})


def _parse_events(body: bytes) -> list[Event]:
    """A list of events, or one alone, as CloudEvents are sent. Raises ValueError."""
    posted = json.loads(body)
    return posted if isinstance(posted, list) else [posted]


def _container_and_blob(url: str) -> tuple[str, str]:
    """From a blob's URL; Azurite's and other emulators' begin with the account's name."""
    parts = urlsplit(url)
    segments = unquote(parts.path).lstrip("/").split("/")
    host = parts.hostname or ""
    if host == "localhost" or host.replace(".", "").isdecimal():
        del segments[0]
    return segments[0], "/".join(segments[1:])
