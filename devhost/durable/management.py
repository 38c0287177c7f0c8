"""The HTTP API that the library's client speaks.

Paths, statuses and fields are those of Durable Functions' HTTP API.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devhost.durable.asking import CONTINUE, Wanted, given, is_instance_id, is_said
from devhost.durable.hub import Hub
from devhost.durable.links import PREFIX, Links
from devhost.durable.rows import ENDED, Instance
from devhost.durable.showing import shown, status_of
from devhost.durable.store import AlreadyRunning
from devhost.indexing import ORCHESTRATION
from devhost.keys import Answer, Keys


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
        ]
        return [Route(path, guard(answer), methods=[method]) for method, path, answer in table]

    async def start(self, request: Request) -> Response:
        name = request.path_params["name"]
        instance = request.path_params.get("instance") or uuid.uuid4().hex
        if not self._hub.worker.knows(name, ORCHESTRATION):
            said = f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator."
            return JSONResponse({"ExceptionMessage": said}, 400)
        if not is_instance_id(instance):
            said = "An instance id has 1 to 100 characters, none of /, \\, #, ? and no leading @."
            return JSONResponse({"ExceptionMessage": said}, 400)
        return self._started(request, instance, name, await given(request))

    def _started(self, request: Request, instance: str, name: str, value: Any) -> Response:
        try:
            self._store.start(instance, name, value)
        except AlreadyRunning:
            return JSONResponse(f"An Orchestration instance {instance} is running already.", 409)
        self._hub.wake()
        links = self._links.of(instance, str(request.base_url).rstrip("/"))
        return JSONResponse(links, 202, {"location": links["statusQueryGetUri"]})

    async def status(self, request: Request) -> Response:
        found = self._store.rows.find(request.path_params["instance"])
        if found is None:
            return Response(status_code=404)
        said = status_of(found, with_input=is_said(request, "showInput", default=True))
        if is_said(request, "showHistory"):
            results = is_said(request, "showHistoryOutput")
            said["historyEvents"] = shown(self._store.rows.history(found.id), results=results)
        return JSONResponse(said, 200 if found.status in ENDED else 202)

    async def several(self, request: Request) -> Response:
        """By id, ``top`` at a time; the header x-ms-continuation-token tells where to go on."""
        wanted = Wanted.of(request)
        found = self._matching(wanted)
        page = found[: wanted.top]
        more = {CONTINUE: page[-1].id} if len(found) > len(page) else {}
        with_input = is_said(request, "showInput", default=True)
        said = [status_of(each, with_input=with_input) for each in page]
        return JSONResponse(said, headers=more)

    def _matching(self, wanted: Wanted) -> list[Instance]:
        return [each for each in self._store.rows.all(wanted.prefix) if wanted.takes(each)]

    async def purge(self, request: Request) -> Response:
        found = self._store.rows.find(request.path_params["instance"])
        if found is None or found.status not in ENDED:
            return Response(status_code=404)
        self._store.rows.forget(found.id)
        return JSONResponse({"instancesDeleted": 1})

    async def purge_many(self, request: Request) -> Response:
        found = [each for each in self._matching(Wanted.of(request)) if each.status in ENDED]
        for each in found:
            self._store.rows.forget(each.id)
        return JSONResponse({"instancesDeleted": len(found)}, 200 if found else 404)

    async def raise_event(self, request: Request) -> Response:
        found = self._store.rows.find(request.path_params["instance"])
        if found is None or found.status in ENDED:
            return Response(status_code=404 if found is None else 410)
        value = json.dumps(await given(request))
        self._store.raise_event(found.id, request.path_params["event"], value)
        self._hub.wake()
        return Response(status_code=202)

    async def change(self, request: Request) -> Response:
        """Terminate, suspend, resume, restart."""
        name = request.path_params["change"]
        if name not in self._changes:
            said = f"The development host does not play {name}."
            return JSONResponse(said, 501 if name == "rewind" else 404)
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
        anew = is_said(request, "restartWithNewInstanceId", default=True)
        instance = uuid.uuid4().hex if anew else of.id
        return self._started(request, instance, of.name, json.loads(of.input))
