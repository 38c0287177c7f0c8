"""One app's parts put together: its functions, routes, and what plays their triggers."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from azure.functions.decorators.function_app import FunctionRegister
from starlette.applications import Starlette
from starlette.routing import Mount

from devhost.blobs.delivery import Delivery
from devhost.blobs.player import Player
from devhost.blobs.receipts import Receipts
from devhost.blobs.watching import watches
from devhost.indexing import BLOB, EVENT_GRID, HTTP, Indexed, index
from devhost.invoking import Invoker, thread_count
from devhost.project import Project
from devhost.routing import RouteTable
from devhost.serving import HttpFunctions
from devhost.webhooks import HostEndpoints

log = logging.getLogger("devhost")


class Host:
    """Everything that runs for one app."""

    def __init__(self, project: Project, app: FunctionRegister) -> None:
        indexed = index(app)
        if not indexed:
            log.warning("the app has no functions")
        self._functions = [function for function in indexed if not function.unplayed]
        for function in indexed:
            if function.unplayed:
                log.warning("%s is not served: %s", function.name, ", ".join(function.unplayed))
        self._routes = RouteTable(self._of_kind(HTTP), project.route_prefix)
        for hidden, by in self._routes.hidden():
            log.warning("the route of %s is hidden by that of %s, which sorts first", hidden, by)
        local_dir = Path(os.environ.get("LOCAL_DIR", "").strip() or ".local")
        watched = watches(self._of_kind(BLOB), os.environ, local_dir)
        self._receipts = Receipts(local_dir / "devhost" if watched else None)
        self._invoke = Invoker(thread_count())
        self._player = Player(
            watched,
            self._of_kind(EVENT_GRID),
            invoke=self._invoke,
            receipts=self._receipts,
            delivery=Delivery(project.blobs),
        )

    def asgi(self) -> Starlette:
        endpoints = HostEndpoints(self._functions, self._player, self._invoke)
        http = Mount("/", app=HttpFunctions(self._routes, self._invoke))
        return Starlette(
            routes=[*endpoints.routes(), http], lifespan=lambda _: self._player.running()
        )

    def describe(self, url: str) -> None:
        for route in self._routes.routes:
            methods = ",".join(sorted(route.methods)) or "any"
            log.info("%-28s %-12s %s/%s", route.function.name, methods, url, route.template)
        for watch in self._player.watches:
            for trigger in watch.triggers:
                where = (
                    watch.container.where if watch.scanned else "posts to /runtime/webhooks/blobs"
                )
                log.info("%-28s %-12s %s", trigger.function.name, "blob", where)
        for function in self._of_kind(EVENT_GRID):
            log.info("%-28s %-12s deletes in the containers above", function.name, "eventGrid")

    def close(self) -> None:
        self._invoke.close()
        self._receipts.close()

    def _of_kind(self, kind: str) -> list[Indexed]:
        return [function for function in self._functions if function.kind == kind]
