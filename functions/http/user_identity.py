"""The user of saved searches and preferences: the one that Easy Auth has signed in, else the one
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
USER_HEADER = "x-user-id"

_USER_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True)
class UserHeader(Header):
    def read(self, req: func.HttpRequest, shape: Any) -> str:
        """Returns an empty text where no user is named and none is needed. Raises Malformed."""
        user = str(req.headers.get(PRINCIPAL, "") or req.headers.get(self.name, ""))
        if not user and not self.needed:
            return ""
        if not _USER_ID.fullmatch(user):
            message = (
                "1 to 128 visible ASCII characters (percent-encode others)"
                if user
                else "name the user: an id of your own"
            )
            raise Malformed(f"{self.name}: {message}.", errors=[FieldError(self.name, message)])
        return user


SomeUser = Annotated[
    str, UserHeader(USER_HEADER, "The user: an id of your own.", needed=True, example="anna")
]
MaybeUser = Annotated[
    str,
    UserHeader(
        USER_HEADER,
        "The user, an id of your own. Preferences count unless `personal` is false.",
    ),
]
