"""CORS as the Functions host does it: preflights are answered before any routing."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Cors:
    """Lets pages of these origins (or of any, with ``*``) read what the app answers."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = {origin.rstrip("/").casefold() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._origins:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        origin = request.headers.get("origin", "")
        allowed = self._allowed_origin(origin)
        wished = request.headers.get("access-control-request-method")
        if origin and request.method == "OPTIONS" and wished:
            response = Response(status_code=204)
            if allowed:
                response.headers.update(_preflight_headers(request, allowed, wished))
            await response(scope, receive, send)
            return

        async def send_with_origin(message: Message) -> None:
            if message["type"] == "http.response.start" and allowed:
                MutableHeaders(scope=message)["access-control-allow-origin"] = allowed
            await send(message)

        await self._app(scope, receive, send_with_origin)

    def _allowed_origin(self, origin: str) -> str:
        if not origin:
            return ""
        if "*" in self._origins:
            return "*"
        return origin if origin.casefold() in self._origins else ""


def _preflight_headers(request: Request, allowed: str, wished: str) -> dict[str, str]:
    """Whatever the page wishes to send, a function decides."""
    headers = {"access-control-allow-origin": allowed, "access-control-allow-methods": wished}
    if names := request.headers.get("access-control-request-headers"):
        headers["access-control-allow-headers"] = names
    return headers
