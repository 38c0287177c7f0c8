"""The client of Durable Functions: starts, reads, terminates and lists orchestrations."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from shared_code.domain.threads import run_in_thread

if TYPE_CHECKING:
    from azure.durable_functions import DurableOrchestrationClient
    from azure.durable_functions.models.DurableOrchestrationStatus import (
        DurableOrchestrationStatus,
    )

CONTINUATION = "x-ms-continuation-token"

_PAGE_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class DurableClient:
    """The library's client, with a list of instances that has all pages.

    The library reads only the first page, of at most 100 instances in the order of their ids, and
    drops the token of the next one.
    """

    library: DurableOrchestrationClient
    rpc_url: str
    """The host's HTTP API for this process: on the loopback, and without a key."""

    async def start_new(self, orchestrator: str, instance: str, task: dict[str, Any]) -> None:
        await self.library.start_new(orchestrator, instance, task)

    async def get_status(
        self, instance: str, *, show_input: bool = False
    ) -> DurableOrchestrationStatus:
        return await self.library.get_status(instance, show_input=show_input)

    async def terminate(self, instance: str, reason: str) -> None:
        """Returns before it takes effect: that takes some seconds."""
        await self.library.terminate(instance, reason)

    async def list_instances(
        self, prefix: str, *, statuses: Sequence[str] = (), since: datetime | None = None
    ) -> list[DurableOrchestrationStatus]:
        """Returns the instances whose id begins with the prefix, started at ``since`` or later."""
        query = {"instanceIdPrefix": prefix, "showInput": "true"}
        if statuses:
            query["runtimeStatus"] = ",".join(statuses)
        if since is not None:
            query["createdTimeFrom"] = since.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return await run_in_thread(_list_pages, f"{self.rpc_url}instances/?{urlencode(query)}")


def _list_pages(url: str) -> list[DurableOrchestrationStatus]:
    from azure.durable_functions.models.DurableOrchestrationStatus import (
        DurableOrchestrationStatus,
    )

    direct = build_opener(ProxyHandler({}))  # it is the loopback
    statuses: list[DurableOrchestrationStatus] = []
    token = ""
    while True:
        request = Request(url, headers={CONTINUATION: token} if token else {})  # noqa: S310  # http
        with direct.open(request, timeout=_PAGE_TIMEOUT_S) as response:
            statuses += map(DurableOrchestrationStatus.from_json, json.load(response))
            token = response.headers.get(CONTINUATION, "")
        if not token:
            return statuses


async def make_client(binding: str | DurableClient) -> DurableClient:
    """Makes a client of what the host passes for a ``durableClient`` binding.

    The first import of the library takes 0.2 s, so it is not done on the event loop.
    """
    if not isinstance(binding, str):
        return binding
    client_class = await run_in_thread(_import_client_class)
    return DurableClient(client_class(binding), json.loads(binding)["rpcBaseUrl"])


def _import_client_class() -> Any:
    from azure.durable_functions import DurableOrchestrationClient

    return DurableOrchestrationClient


_FUNCTIONS = re.compile(r"(?:(?:Orchestrator|Activity) function '[^']*' failed: +)+")
_RESULT = re.compile(r"Result: Failure\s+Exception: ")
_DETAILS = re.compile(
    r"\s*\n\s*(?:\{\"\$type\"|Message: |None\s*$|Stack:|Traceback \(most recent call last\))"
)
"""What follows the reason: .NET's exception as JSON, the same text again with a stack, or nothing
(the library then writes None)."""


def extract_reason(output: str) -> str:
    """Returns the reason in a failed orchestration's output, without the functions that it passed
    through and their stacks."""
    text = _FUNCTIONS.sub("", output, count=1)
    return _DETAILS.split(_RESULT.sub("", text, count=1))[0].strip()
