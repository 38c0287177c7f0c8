"""Function keys, as the host asks for them, where DEVHOST_KEY sets one."""

from __future__ import annotations

import hmac
import os
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from azure.functions import AuthLevel
from starlette.requests import Request
from starlette.responses import Response

from devhost.functions import Indexed

Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


class Keys:
    """One key stands for all of the host's; none, the default, lets everybody in."""

    def __init__(self) -> None:
        self.key = os.environ.get("DEVHOST_KEY", "")

    def let_in(self, request: Request, function: Indexed) -> bool:
        return function.trigger.get("authLevel") == AuthLevel.ANONYMOUS or self.fits(request)

    def fits(self, request: Request) -> bool:
        if not self.key:
            return True
        given = request.headers.get("x-functions-key") or request.query_params.get("code", "")
        return hmac.compare_digest(given.encode(), self.key.encode())

    def guard(self, answer: Answer) -> Answer:
        """For what is no function: the host's webhooks."""

        async def guarded(request: Request) -> Response:
            return await answer(request) if self.fits(request) else Response(status_code=401)

        return guarded
