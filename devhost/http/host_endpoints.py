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

from devhost.blobs import ContainerWatcher
from devhost.functions import AppFunction
from devhost.http.keys import FunctionKeys

log = logging.getLogger("devhost.events")

Event = dict[str, Any]


class HostEndpoints:
    def __init__(
        self,
        functions: Sequence[AppFunction],
        watcher: ContainerWatcher,
        *,
        count_pending: Callable[[], Awaitable[int]],
        keys: FunctionKeys,
    ) -> None:
        self._functions = functions
        self._watcher = watcher
        self._count_pending = count_pending
        self._keys = keys

    def routes(self) -> list[Route]:
        return [
            Route("/admin/host/status", self.get_status),
            Route(
                "/runtime/webhooks/blobs",
                self._keys.guard(self.accept_events),
                methods=["POST", "OPTIONS"],
            ),
        ]

    async def get_status(self, request: Request) -> Response:
        """Azure's host has no ``pendingBlobEvents``."""
        return JSONResponse(
            {
                "state": "Running",
                "functions": [function.name for function in self._functions],
                "pendingBlobEvents": await self._count_pending(),
            }
        )

    async def accept_events(self, request: Request) -> Response:
        """Takes BlobCreated events for a blob trigger. Like Azure's host it reads little more than
        the event's URL, and answers posts that it cannot read with 500."""
        if request.method == "OPTIONS":
            return _answer_handshake(request)
        kind = request.headers.get("aeg-event-type", "").casefold()
        if kind not in ("subscriptionvalidation", "notification", "unsubscribe"):
            return Response(status_code=400)
        if kind == "unsubscribe":
            return Response(status_code=202)
        try:
            events = _parse_events(await request.body())
            if kind == "subscriptionvalidation":
                return JSONResponse({"validationResponse": events[0]["data"]["validationCode"]})
            blobs = [_parse_blob_url(event["data"]["url"]) for event in events]
        except (ValueError, LookupError, TypeError, AttributeError) as exc:
            log.warning("answered 500 to a post that cannot be read: %r", exc)
            return Response(status_code=500)
        name = request.query_params.get("functionName", "").removeprefix("Host.Functions.")
        if not self._watcher.has_trigger(name):  # Azure's host drops them without a word
            log.warning("events for %r are dropped: no blob trigger has this name", name)
        for event, (container, blob) in zip(events, blobs, strict=True):
            await self._watcher.accept_post(
                name, container, blob, str(event["data"].get("eTag", ""))
            )
        return Response(status_code=202)


def _answer_handshake(request: Request) -> Response:
    """Allows the origin that asks, as the standard for webhooks of CloudEvents requires."""
    origin = request.headers.get("webhook-request-origin", "")
    return Response(status_code=200, headers={"webhook-allowed-origin": origin} if origin else {})


def _parse_events(body: bytes) -> list[Event]:
    """Takes a list of events, or a single one, as CloudEvents are sent. Raises ValueError."""
    posted = json.loads(body)
    return posted if isinstance(posted, list) else [posted]


def _parse_blob_url(url: str) -> tuple[str, str]:
    """Returns container and blob. In the URLs of Azurite and other emulators the account comes
    first."""
    parts = urlsplit(url)
    segments = unquote(parts.path).lstrip("/").split("/")
    host = parts.hostname or ""
    if host == "localhost" or host.replace(".", "").isdecimal():
        del segments[0]
    return segments[0], "/".join(segments[1:])
