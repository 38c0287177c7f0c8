"""Where the HTTP API is, and what a client is told about it.

For people and other programs it is under ``/runtime/webhooks/durabletask``, as in Azure, with the
host's key where there is one. Azure gives the library's client a port of its own, on the loopback
and without a key (``rpcBaseUrl``); here that is a path which nobody can guess.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import quote

PREFIX = "/runtime/webhooks/durabletask"


@dataclass(frozen=True, slots=True)
class Links:
    url: str
    """Of the host, without a slash at its end."""
    hub: str
    key: str = ""
    rpc: str = field(default_factory=lambda: f"/runtime/rpc/{secrets.token_urlsafe(16)}")
    """The client's path."""

    def binding(self) -> str:
        """What a function with a ``durableClient`` binding is given."""
        start = f"{self.url}{PREFIX}/orchestrators/{{functionName}}[/{{instanceId}}]"
        return json.dumps(
            {
                "taskHubName": self.hub,
                "creationUrls": {"createNewInstancePostUri": self._with_key(start)},
                "managementUrls": self.of("INSTANCEID"),
                "rpcBaseUrl": f"{self.url}{self.rpc}/",
                "requiredQueryStringParameters": self._with_key("").removeprefix("?"),
            }
        )

    def of(self, instance: str, url: str = "") -> dict[str, str]:
        """``url``: of the host, by the name that the caller knows."""
        one = f"{url or self.url}{PREFIX}/instances/{quote(instance)}"
        uris = {
            "statusQueryGetUri": one,
            "sendEventPostUri": f"{one}/raiseEvent/{{eventName}}",
            "terminatePostUri": f"{one}/terminate?reason={{text}}",
            "rewindPostUri": f"{one}/rewind?reason={{text}}",
            "purgeHistoryDeleteUri": one,
            "restartPostUri": f"{one}/restart",
            "suspendPostUri": f"{one}/suspend?reason={{text}}",
            "resumePostUri": f"{one}/resume?reason={{text}}",
        }
        return {"id": instance} | {name: self._with_key(uri) for name, uri in uris.items()}

    def _with_key(self, uri: str) -> str:
        joint = "&" if "?" in uri else "?"
        return f"{uri}{joint}code={quote(self.key, safe='')}" if self.key else uri
