"""Function keys, as the host asks for them, where DEVHOST_KEY sets one."""

from __future__ import annotations

import hmac
import os

from azure.functions import AuthLevel
from starlette.requests import Request

from devhost.indexing import Indexed


class Keys:
    """One key stands for all of the host's; none, the default, lets everybody in."""

    def __init__(self) -> None:
        self._key = os.environ.get("DEVHOST_KEY", "")

    def let_in(self, request: Request, function: Indexed) -> bool:
        if not self._key or function.trigger.get("authLevel") == AuthLevel.ANONYMOUS:
            return True
        given = request.headers.get("x-functions-key") or request.query_params.get("code", "")
        return hmac.compare_digest(given.encode(), self._key.encode())
