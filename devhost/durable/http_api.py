"""The HTTP API that the library's client speaks.

Paths, statuses, headers and fields are those that the extension (3.19) was seen to answer with.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devhost.durable.hub import Hub
from devhost.durable.instance_query import (
    CONTINUE,
    Wanted,
    event_body,
    is_instance_id,
    is_said,
    json_body,
    make_token,
)
from devhost.durable.links import PREFIX, Links
from devhost.durable.responses import shown, status_of
from devhost.durable.store import AlreadyRunning
from devhost.durable.tables import ENDED, Instance
from devhost.http.keys import Answer, Keys

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class HostJSON(JSONResponse):
    media_type = "application/json; charset=utf-8"


def _exception(status: int, why: str) -> Response:
    """An exception of the host, which it does not hide."""
    body = {
        "Message": "Something went wrong while processing your request",
        "ExceptionMessage": why,
        "ExceptionType": "System.InvalidOperationException",
        "StackTrace": "",
    }
    return HostJSON(body, status)


def _terminated_after_s() -> float:
    """In Azure it took 2 to 9 seconds."""
    return float(os.environ.get("DEVHOST_TERMINATE_S", "") or 2.0)


async def _not_found(request: Request) -> Response:
    return Response(status_code=404)


class Management:
    def __init__(self, hub: Hub, links: Links, keys: Keys) -> None:
        self._hub = hub
        self._links = links
        self._keys = keys
        self._store = hub.store
        self._changes: Mapping[str, Callable[[Request, Instance, str], Response]] = {
            "terminate": self._terminate,
            "suspend": self._suspend,
            "resume": self._resume,
            "restart": self._restart,
        }

    def routes(self) -> list[Route]:
        return [
            *self._routes(PREFIX, self._keys.guard),
            *self._routes(self._links.rpc, lambda own: own),
        ]

    def _routes(self, at: str, guard: Callable[[Answer], Answer]) -> list[Route]:
        start, all_ = f"{at}/orchestrators/{{name}}", f"{at}/instances"
        one = f"{all_}/{{instance}}"
        table: list[tuple[str, str, Answer]] = [
            ("POST", start, self.start),
            ("POST", f"{start}/{{instance}}", self.start),
            *(("GET", path, self.several) for path in (all_, f"{all_}/")),
            *(("DELETE", path, self.purge_many) for path in (all_, f"{all_}/")),
            ("GET", one, self.status),
            ("DELETE", one, self.purge),
            ("POST", f"{one}/raiseEvent/{{event}}", self.raise_event),
            ("POST", f"{one}/{{change}}", self.change),
            *((method, f"{at}/{{rest:path}}", _not_found) for method in _METHODS),
        ]
        return [Route(path, guard(answer), methods=[method]) for method, path, answer in table]

    async def start(self, request: Request) -> Response:
        name = request.path_params["name"]
        instance = request.path_params.get("instance") or uuid.uuid4().hex
        if not is_instance_id(instance):
            return Response(status_code=400)
        try:
            value = await json_body(request)
        except ValueError as exc:
            return _exception(500, f"The input must be JSON: {exc}")
        return self._started(request, instance, name, value)

    def _started(self, request: Request, instance: str, name: str, value: Any) -> Response:
        try:
            self._store.start(instance, name, value)
        except AlreadyRunning as exc:
            message = f"An Orchestration instance with the status {exc} already exists."
            return HostJSON({"Message": message}, 409)
        self._hub.wake()
        links = self._links.of(instance, str(request.base_url).rstrip("/"))
        headers = {"location": links["statusQueryGetUri"], "retry-after": "10"}
        return HostJSON(links, 202, headers)

    async def status(self, request: Request) -> Response:
        row = self._store.rows.find(request.path_params["instance"])
        if row is None:
            return Response(status_code=404)
        body = status_of(row, with_input=is_said(request, "showInput", default=True))
        if is_said(request, "showHistory"):
            results = is_said(request, "showHistoryOutput")
            body["historyEvents"] = shown(self._store.rows.history(row.id), results=results)
        if row.status in ENDED:
            fails = is_said(request, "returnInternalServerErrorOnFailure")
            return HostJSON(body, 500 if fails and row.status == "Failed" else 200)
        links = self._links.of(row.id, str(request.base_url).rstrip("/"))
        headers = {"location": links["statusQueryGetUri"], "retry-after": "5"}
        return HostJSON(body, 202, headers)

    async def several(self, request: Request) -> Response:
        """By id, 100 at a time or ``top``; the header x-ms-continuation-token tells where to go on,
        and is empty on the last page."""
        try:
            wanted = Wanted.of(request)
        except ValueError as exc:
            return _exception(500, str(exc))
        rows = self._matching(wanted)
        page = rows[: wanted.top]
        more = make_token(page[-1].id) if len(rows) > len(page) else ""
        with_input = is_said(request, "showInput", default=True)
        body = [status_of(each, with_input=with_input) for each in page]
        return HostJSON(body, headers={CONTINUE: more})

    def _matching(self, wanted: Wanted) -> list[Instance]:
        return [each for each in self._store.rows.all(wanted.prefix) if wanted.takes(each)]

    async def purge(self, request: Request) -> Response:
        row = self._store.rows.find(request.path_params["instance"])
        if row is None:
            return Response(status_code=404)
        if row.status not in ENDED:
            message = (
                "Only orchestrations in a terminal state can be purged, but the orchestration with "
                f"instance ID {row.id} has status {row.status}"
            )
            return HostJSON(message, 412)
        self._store.rows.forget(row.id)
        return HostJSON({"instancesDeleted": 1})

    async def purge_many(self, request: Request) -> Response:
        try:
            wanted = Wanted.of(request)
        except ValueError as exc:
            return _exception(500, str(exc))
        rows = [each for each in self._matching(wanted) if each.status in ENDED]
        for each in rows:
            self._store.rows.forget(each.id)
        return HostJSON({"instancesDeleted": len(rows)}, 200 if rows else 404)

    async def raise_event(self, request: Request) -> Response:
        row = self._store.rows.find(request.path_params["instance"])
        if row is None or row.status in ENDED:
            return Response(status_code=404 if row is None else 410)
        value = json.dumps(await event_body(request))
        self._store.raise_event(row.id, request.path_params["event"], value)
        self._hub.wake()
        return Response(status_code=202)

    async def change(self, request: Request) -> Response:
        """Terminate, suspend, resume, restart, rewind."""
        name, instance = request.path_params["change"], request.path_params["instance"]
        row = self._store.rows.find(instance)
        if name == "rewind":
            return _refuse_rewind(instance, row)
        if name not in self._changes:
            return Response(status_code=404)
        if row is None:
            if name == "restart":
                return _exception(
                    400, f"An orchestration with the instanceId {instance} was not found."
                )
            return Response(status_code=404)
        if row.status in ENDED and name != "restart":
            return Response(status_code=410)
        answer = self._changes[name](request, row, request.query_params.get("reason", ""))
        self._hub.wake()
        return answer

    def _terminate(self, request: Request, of: Instance, reason: str) -> Response:
        self._store.terminate(of.id, reason, after_s=_terminated_after_s())
        return Response(status_code=202)

    def _suspend(self, request: Request, of: Instance, reason: str) -> Response:
        if of.status == "Suspended":
            return _exception(500, f"The orchestration instance {of.id} is suspended already.")
        self._store.suspend(of.id, reason, on=True)
        return Response(status_code=202)

    def _resume(self, request: Request, of: Instance, reason: str) -> Response:
        self._store.suspend(of.id, reason, on=False)
        return Response(status_code=202)

    def _restart(self, request: Request, of: Instance, reason: str) -> Response:
        """With the same input, under a new id unless told otherwise."""
        anew = is_said(request, "restartWithNewInstanceId", default=True)
        instance = uuid.uuid4().hex if anew else of.id
        return self._started(request, instance, of.name, json.loads(of.input))


def _refuse_rewind(instance: str, row: Instance | None) -> Response:
    if row is None:
        return HostJSON(f'No orchestration with instance ID "${instance}" found.', 404)
    if row.status != "Failed":
        message = (
            f"This orchestration has status {row.status}, but only orchestrations in the "
            '"Failed" state can be rewound.'
        )
        return HostJSON(message, 412)
    return HostJSON("The development host does not play rewind.", 501)
