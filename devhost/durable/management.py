"""The HTTP API that the library's client speaks, and the JSON that tells it where.

Paths, statuses and fields are those of Durable Functions' HTTP API; in Azure they are served
under a key, here to the loopback. Azure gives the library a port of its own for them
(``rpcBaseUrl``); here both are one.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devhost.durable.events import moment
from devhost.durable.hub import Hub
from devhost.durable.rows import ENDED, Instance
from devhost.durable.showing import shown, status_of
from devhost.durable.store import AlreadyRunning
from devhost.indexing import ORCHESTRATION

PREFIX = "/runtime/webhooks/durabletask"
_CONTINUE = "x-ms-continuation-token"


def client_binding(url: str, hub_name: str) -> str:
    """What a function with a ``durableClient`` binding is given."""
    base = f"{url}{PREFIX}"
    start = f"{base}/orchestrators/{{functionName}}[/{{instanceId}}]"
    return json.dumps(
        {
            "taskHubName": hub_name,
            "creationUrls": {"createNewInstancePostUri": start},
            "managementUrls": _links(base, "INSTANCEID"),
            "rpcBaseUrl": f"{base}/",
            "requiredQueryStringParameters": "",
        }
    )


def _links(base: str, instance: str) -> dict[str, str]:
    one = f"{base}/instances/{instance}"
    return {
        "id": instance,
        "statusQueryGetUri": one,
        "sendEventPostUri": f"{one}/raiseEvent/{{eventName}}",
        "terminatePostUri": f"{one}/terminate?reason={{text}}",
        "rewindPostUri": f"{one}/rewind?reason={{text}}",
        "purgeHistoryDeleteUri": one,
        "restartPostUri": f"{one}/restart",
        "suspendPostUri": f"{one}/suspend?reason={{text}}",
        "resumePostUri": f"{one}/resume?reason={{text}}",
    }


class Management:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._store = hub.store
        self._changes: Mapping[str, Callable[[Request, Instance, str], Response]] = {
            "terminate": self._terminate,
            "suspend": self._suspend,
            "resume": self._resume,
            "restart": self._restart,
        }

    def routes(self) -> list[Route]:
        start, one = f"{PREFIX}/orchestrators/{{name}}", f"{PREFIX}/instances/{{instance}}"
        all_ = f"{PREFIX}/instances"
        return [
            Route(start, self.start, methods=["POST"]),
            Route(f"{start}/{{instance}}", self.start, methods=["POST"]),
            *(Route(path, self.several, methods=["GET"]) for path in (all_, f"{all_}/")),
            *(Route(path, self.purge_many, methods=["DELETE"]) for path in (all_, f"{all_}/")),
            Route(one, self.status, methods=["GET"]),
            Route(one, self.purge, methods=["DELETE"]),
            Route(f"{one}/raiseEvent/{{event}}", self.raise_event, methods=["POST"]),
            Route(f"{one}/{{change}}", self.change, methods=["POST"]),
        ]

    async def start(self, request: Request) -> Response:
        name = request.path_params["name"]
        instance = request.path_params.get("instance") or uuid.uuid4().hex
        if not self._hub.worker.knows(name, ORCHESTRATION):
            said = f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator."
            return JSONResponse({"ExceptionMessage": said}, 400)
        if not _is_instance_id(instance):
            said = "An instance id has 1 to 100 characters, none of /, \\, #, ? and no leading @."
            return JSONResponse({"ExceptionMessage": said}, 400)
        given = _json(await request.body())
        return self._started(request, instance, name, given)

    def _started(self, request: Request, instance: str, name: str, given: Any) -> Response:
        try:
            self._store.start(instance, name, given)
        except AlreadyRunning:
            return JSONResponse(f"An Orchestration instance {instance} is running already.", 409)
        self._hub.wake()
        links = _links(f"{str(request.base_url).rstrip('/')}{PREFIX}", instance)
        return JSONResponse(links, 202, {"location": links["statusQueryGetUri"]})

    async def status(self, request: Request) -> Response:
        found = self._store.rows.find(request.path_params["instance"])
        if found is None:
            return Response(status_code=404)
        said = status_of(found, with_input=_is_said(request, "showInput", default=True))
        if _is_said(request, "showHistory"):
            results = _is_said(request, "showHistoryOutput")
            said["historyEvents"] = shown(self._store.rows.history(found.id), results=results)
        return JSONResponse(said, 200 if found.status in ENDED else 202)

    async def several(self, request: Request) -> Response:
        """By id, ``top`` at a time; the header x-ms-continuation-token tells where to go on."""
        found = self._matching(request)
        after = request.headers.get(_CONTINUE, "")
        found = [each for each in found if each.id > after]
        top = int(request.query_params.get("top", len(found) or 1))
        more = {_CONTINUE: found[top - 1].id} if len(found) > top else {}
        with_input = _is_said(request, "showInput", default=True)
        said = [status_of(each, with_input=with_input) for each in found[:top]]
        return JSONResponse(said, headers=more)

    async def purge(self, request: Request) -> Response:
        found = self._store.rows.find(request.path_params["instance"])
        if found is None or found.status not in ENDED:
            return Response(status_code=404)
        self._store.rows.forget(found.id)
        return JSONResponse({"instancesDeleted": 1})

    async def purge_many(self, request: Request) -> Response:
        found = [each for each in self._matching(request) if each.status in ENDED]
        for each in found:
            self._store.rows.forget(each.id)
        return JSONResponse({"instancesDeleted": len(found)}, 200 if found else 404)

    async def raise_event(self, request: Request) -> Response:
        found = self._store.rows.find(request.path_params["instance"])
        if found is None or found.status in ENDED:
            return Response(status_code=404 if found is None else 410)
        given = _json(await request.body())
        self._store.raise_event(found.id, request.path_params["event"], json.dumps(given))
        self._hub.wake()
        return Response(status_code=202)

    async def change(self, request: Request) -> Response:
        """Terminate, suspend, resume, restart."""
        name = request.path_params["change"]
        if name not in self._changes:
            return Response(f"{name} is not played here", 501 if name == "rewind" else 404)
        found = self._store.rows.find(request.path_params["instance"])
        if found is None or (found.status in ENDED and name != "restart"):
            return Response(status_code=404 if found is None else 410)
        answer = self._changes[name](request, found, request.query_params.get("reason", ""))
        self._hub.wake()
        return answer

    def _terminate(self, request: Request, of: Instance, reason: str) -> Response:
        self._store.terminate(of.id, reason)
        return Response(status_code=202)

    def _suspend(self, request: Request, of: Instance, reason: str) -> Response:
        self._store.suspend(of.id, reason, on=True)
        return Response(status_code=202)

    def _resume(self, request: Request, of: Instance, reason: str) -> Response:
        self._store.suspend(of.id, reason, on=False)
        return Response(status_code=202)

    def _restart(self, request: Request, of: Instance, reason: str) -> Response:
        """With the same input, under a new id unless told otherwise."""
        anew = _is_said(request, "restartWithNewInstanceId", default=True)
        instance = uuid.uuid4().hex if anew else of.id
        return self._started(request, instance, of.name, json.loads(of.input))

    def _matching(self, request: Request) -> list[Instance]:
        asked = request.query_params
        found = self._store.rows.all(asked.get("instanceIdPrefix", ""))
        wanted = {name.strip().casefold() for name in asked.get("runtimeStatus", "").split(",")}
        since, until = (asked.get(f"createdTime{end}", "") for end in ("From", "To"))
        return [
            each
            for each in found
            if (wanted == {""} or each.status.casefold() in wanted)
            and (not since or each.created >= moment(since))
            and (not until or each.created <= moment(until))
        ]


def _is_said(request: Request, name: str, *, default: bool = False) -> bool:
    return request.query_params.get(name, str(default)).casefold() == "true"


def _is_instance_id(text: str) -> bool:
    return len(text) <= 100 and not text.startswith("@") and not set(text) & set("/\\#?")


def _json(body: bytes) -> Any:
    return json.loads(body) if body else None
