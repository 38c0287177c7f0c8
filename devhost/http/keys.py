"""Function keys as Azure's host checks them, where DEVHOST_KEY sets one."""

from __future__ import annotations

import hmac
import os
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from azure.functions import AuthLevel
from starlette.requests import Request
from starlette.responses import Response

from devhost.functions import AppFunction

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class FunctionKeys:
    """One key stands for all keys of a host; without one, the default, everybody is let in."""

    def __init__(self) -> None:
        self.key = os.environ.get("DEVHOST_KEY", "")

    def allows(self, request: Request, function: AppFunction) -> bool:
        is_public = function.trigger.get("authLevel") == AuthLevel.ANONYMOUS
        return is_public or self.has_key(request)

    def has_key(self, request: Request) -> bool:
        if not self.key:
            return True
        sent_key = request.headers.get("x-functions-key") or request.query_params.get("code", "")
        return hmac.compare_digest(sent_key.encode(), self.key.encode())

    def guard(self, endpoint: Endpoint) -> Endpoint:
        """Asks for the key at an endpoint that is no function, such as the host's webhooks."""

        async def check_key(request: Request) -> Response:
            return await endpoint(request) if self.has_key(request) else Response(status_code=401)

        return check_key
