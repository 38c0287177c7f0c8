"""The HTTP API that the library's client speaks.

Paths, statuses, headers and fields are those of the extension 3.19, as its responses were recorded.
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

from devhost.durable.hub import TaskHub
from devhost.durable.instance_query import (
    CONTINUATION_HEADER,
    InstanceQuery,
    is_instance_id,
    make_token,
    read_event,
    read_flag,
    read_json,
)
from devhost.durable.links import PREFIX, DurableLinks
from devhost.durable.responses import format_history, format_status
from devhost.durable.store import AlreadyRunning
from devhost.durable.tables import ENDED, Instance
from devhost.http import Endpoint, FunctionKeys

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class HostJSON(JSONResponse):
    media_type = "application/json; charset=utf-8"


def _exception_response(status: int, message: str) -> Response:
    """Returns an exception of the host in the form in which Azure's host shows it."""
    body = {
        "Message": "Something went wrong while processing your request",
        "ExceptionMessage": message,
        "ExceptionType": "System.InvalidOperationException",
        "StackTrace": "",
    }
    return HostJSON(body, status)


def _read_termination_delay_s() -> float:
    """Azure took 2 to 9 seconds."""
    return float(os.environ.get("DEVHOST_TERMINATE_S", "") or 2.0)


async def _answer_404(request: Request) -> Response:
    return Response(status_code=404)


class DurableApi:
    def __init__(self, hub: TaskHub, links: DurableLinks, keys: FunctionKeys) -> None:
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
            *self._make_routes(PREFIX, self._keys.guard),
            *self._make_routes(self._links.rpc_path, lambda endpoint: endpoint),
        ]

    def _make_routes(self, path: str, guard: Callable[[Endpoint], Endpoint]) -> list[Route]:
        start, instances = f"{path}/orchestrators/{{name}}", f"{path}/instances"
        instance = f"{instances}/{{instance}}"
        table: list[tuple[str, str, Endpoint]] = [
            ("POST", start, self.start),
            ("POST", f"{start}/{{instance}}", self.start),
            *(("GET", route, self.list_instances) for route in (instances, f"{instances}/")),
            *(("DELETE", route, self.purge_many) for route in (instances, f"{instances}/")),
            ("GET", instance, self.get_status),
            ("DELETE", instance, self.purge),
            ("POST", f"{instance}/raiseEvent/{{event}}", self.raise_event),
            ("POST", f"{instance}/{{change}}", self.change),
            *((method, f"{path}/{{rest:path}}", _answer_404) for method in _METHODS),
        ]
        return [Route(route, guard(call), methods=[method]) for method, route, call in table]

    async def start(self, request: Request) -> Response:
        name = request.path_params["name"]
        instance = request.path_params.get("instance") or uuid.uuid4().hex
        if not is_instance_id(instance):
            return Response(status_code=400)
        try:
            value = await read_json(request)
        except ValueError as exc:
            return _exception_response(500, f"The input must be JSON: {exc}")
        return self._start_instance(request, instance, name, value)

    def _start_instance(self, request: Request, instance: str, name: str, value: Any) -> Response:
        try:
            self._store.start(instance, name, value)
        except AlreadyRunning as exc:
            message = f"An Orchestration instance with the status {exc} already exists."
            return HostJSON({"Message": message}, 409)
        self._hub.wake()
        links = self._links.make_management_urls(instance, str(request.base_url).rstrip("/"))
        headers = {"location": links["statusQueryGetUri"], "retry-after": "10"}
        return HostJSON(links, 202, headers)

    async def get_status(self, request: Request) -> Response:
        row = self._store.tables.find(request.path_params["instance"])
        if row is None:
            return Response(status_code=404)
        body = format_status(row, with_input=read_flag(request, "showInput", default=True))
        if read_flag(request, "showHistory"):
            history = self._store.tables.read_history(row.id)
            with_results = read_flag(request, "showHistoryOutput")
            body["historyEvents"] = format_history(history, with_results=with_results)
        if row.status in ENDED:
            fails = read_flag(request, "returnInternalServerErrorOnFailure")
            return HostJSON(body, 500 if fails and row.status == "Failed" else 200)
        links = self._links.make_management_urls(row.id, str(request.base_url).rstrip("/"))
        headers = {"location": links["statusQueryGetUri"], "retry-after": "5"}
        return HostJSON(body, 202, headers)

    async def list_instances(self, request: Request) -> Response:
        """Returns a page in the order of the ids; the header x-ms-continuation-token leads to the
        next one, and is empty on the last."""
        try:
            query = InstanceQuery.from_request(request)
        except ValueError as exc:
            return _exception_response(500, str(exc))
        rows = self._find_matching(query)
        page = rows[: query.top]
        token = make_token(page[-1].id) if len(rows) > len(page) else ""
        with_input = read_flag(request, "showInput", default=True)
        body = [format_status(row, with_input=with_input) for row in page]
        return HostJSON(body, headers={CONTINUATION_HEADER: token})

    def _find_matching(self, query: InstanceQuery) -> list[Instance]:
        rows = self._store.tables.list_instances(query.prefix)
        return [row for row in rows if query.matches(row)]

    async def purge(self, request: Request) -> Response:
        row = self._store.tables.find(request.path_params["instance"])
        if row is None:
            return Response(status_code=404)
        if row.status not in ENDED:
            message = (
                "Only orchestrations in a terminal state can be purged, but the orchestration with "
                f"instance ID {row.id} has status {row.status}"
            )
            return HostJSON(message, 412)
        self._store.tables.delete_instance(row.id)
        return HostJSON({"instancesDeleted": 1})

    async def purge_many(self, request: Request) -> Response:
        try:
            query = InstanceQuery.from_request(request)
        except ValueError as exc:
            return _exception_response(500, str(exc))
        rows = [row for row in self._find_matching(query) if row.status in ENDED]
        for row in rows:
            self._store.tables.delete_instance(row.id)
        return HostJSON({"instancesDeleted": len(rows)}, 200 if rows else 404)

    async def raise_event(self, request: Request) -> Response:
        row = self._store.tables.find(request.path_params["instance"])
        if row is None or row.status in ENDED:
            return Response(status_code=404 if row is None else 410)
        value = json.dumps(await read_event(request))
        self._store.raise_event(row.id, request.path_params["event"], value)
        self._hub.wake()
        return Response(status_code=202)

    async def change(self, request: Request) -> Response:
        """Serves terminate, suspend, resume, restart and rewind."""
        name, instance = request.path_params["change"], request.path_params["instance"]
        row = self._store.tables.find(instance)
        if name == "rewind":
            return _refuse_rewind(instance, row)
        if name not in self._changes:
            return Response(status_code=404)
        if row is None:
            if name == "restart":
                return _exception_response(
                    400, f"An orchestration with the instanceId {instance} was not found."
                )
            return Response(status_code=404)
        if row.status in ENDED and name != "restart":
            return Response(status_code=410)
        response = self._changes[name](request, row, request.query_params.get("reason", ""))
        self._hub.wake()
        return response

    def _terminate(self, request: Request, row: Instance, reason: str) -> Response:
        self._store.terminate(row.id, reason, after_s=_read_termination_delay_s())
        return Response(status_code=202)

    def _suspend(self, request: Request, row: Instance, reason: str) -> Response:
        if row.status == "Suspended":
            return _exception_response(
                500, f"The orchestration instance {row.id} is suspended already."
            )
        self._store.suspend(row.id, reason)
        return Response(status_code=202)

    def _resume(self, request: Request, row: Instance, reason: str) -> Response:
        self._store.resume(row.id, reason)
        return Response(status_code=202)

    def _restart(self, request: Request, row: Instance, reason: str) -> Response:
        """Starts it with the same input; under a new id, unless the request says otherwise."""
        has_new_id = read_flag(request, "restartWithNewInstanceId", default=True)
        instance = uuid.uuid4().hex if has_new_id else row.id
        return self._start_instance(request, instance, row.name, json.loads(row.input))


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
