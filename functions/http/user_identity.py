"""Whose saved searches and preferences: the user that Easy Auth has signed in, else the one
that the caller names.

The name is not authentication: whoever holds the function key may name anybody. A shop's own
server does that for its customers; a page that customers open should be behind Easy Auth, whose
header no caller can set from outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import azure.functions as func

from functions.http.arguments import Header
from shared_code.domain.errors import FieldError, Malformed

PRINCIPAL = "x-ms-client-principal-id"
NAMED = "x-user-id"

_USER_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True)
class UserHeader(Header):
    def read(self, req: func.HttpRequest, shape: Any) -> str:
        """Empty when nobody is named and nobody needs to be. Raises Malformed."""
        user = str(req.headers.get(PRINCIPAL, "") or req.headers.get(self.name, ""))
        if not user and not self.needed:
            return ""
        if not _USER_ID.fullmatch(user):
            message = (
                "1 to 128 visible ASCII characters (percent-encode others)"
                if user
                else "say whose they are: a user id of your own"
            )
            raise Malformed(f"{self.name}: {message}.", errors=[FieldError(self.name, message)])
        return user


SomeUser = Annotated[
    str, UserHeader(NAMED, "Whose: a user id of your own.", needed=True, example="anna")
]
MaybeUser = Annotated[
    str,
    UserHeader(
        NAMED, "A user id of your own: their preferences count, unless `personal` is false."
    ),
]
