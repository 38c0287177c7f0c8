"""CORS as the Functions host does it: it answers preflights before any routing."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class CorsMiddleware:
    """Lets pages of these origins (of any, with ``*``) read the app's responses."""

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
        requested_method = request.headers.get("access-control-request-method")
        if origin and request.method == "OPTIONS" and requested_method:
            response = Response(status_code=204)
            if allowed:
                response.headers.update(_make_preflight_headers(request, allowed, requested_method))
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


def _make_preflight_headers(
    request: Request, allowed: str, requested_method: str
) -> dict[str, str]:
    """Allows any method and any headers: the function decides what to accept."""
    headers = {
        "access-control-allow-origin": allowed,
        "access-control-allow-methods": requested_method,
    }
    if names := request.headers.get("access-control-request-headers"):
        headers["access-control-allow-headers"] = names
    return headers
