"""The URLs of the HTTP API, as clients get them.

For people and other programs the API is below ``/runtime/webhooks/durabletask``, as in Azure, and
asks for the host's key where there is one. Azure gives the library's client a port of its own, on
the loopback and without a key (``rpcBaseUrl``); here it is a path that nobody can guess.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import quote

PREFIX = "/runtime/webhooks/durabletask"


@dataclass(frozen=True, slots=True)
class DurableLinks:
    host_url: str
    """Without a slash at its end."""
    hub: str
    key: str = ""
    rpc_path: str = field(default_factory=lambda: f"/runtime/rpc/{secrets.token_urlsafe(16)}")
    """The path of the API for the library's client."""

    def make_client_binding(self) -> str:
        """Returns what a function receives for a ``durableClient`` binding."""
        start_url = f"{self.host_url}{PREFIX}/orchestrators/{{functionName}}[/{{instanceId}}]"
        return json.dumps(
            {
                "taskHubName": self.hub,
                "creationUrls": {"createNewInstancePostUri": self._add_key(start_url)},
                "managementUrls": self.make_management_urls("INSTANCEID"),
                "rpcBaseUrl": f"{self.host_url}{self.rpc_path}/",
                "requiredQueryStringParameters": self._add_key("").removeprefix("?"),
            }
        )

    def make_management_urls(self, instance: str, host_url: str = "") -> dict[str, str]:
        """``host_url``: the host by the name that the caller used."""
        url = f"{host_url or self.host_url}{PREFIX}/instances/{quote(instance)}"
        urls = {
            "statusQueryGetUri": url,
            "sendEventPostUri": f"{url}/raiseEvent/{{eventName}}",
            "terminatePostUri": f"{url}/terminate?reason={{text}}",
            "rewindPostUri": f"{url}/rewind?reason={{text}}",
            "purgeHistoryDeleteUri": url,
            "restartPostUri": f"{url}/restart",
            "suspendPostUri": f"{url}/suspend?reason={{text}}",
            "resumePostUri": f"{url}/resume?reason={{text}}",
        }
        return {"id": instance} | {name: self._add_key(url) for name, url in urls.items()}

    def _add_key(self, url: str) -> str:
        separator = "&" if "?" in url else "?"
        return f"{url}{separator}code={quote(self.key, safe='')}" if self.key else url
