"""One app's parts put together: its functions, routes, and what plays their triggers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

from azure.functions.decorators.function_app import FunctionRegister
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from devhost.blobs.handler import POISON_QUEUE, BlobCalls
from devhost.blobs.publisher import EventJobs
from devhost.blobs.queue import BlobQueue
from devhost.blobs.receipts import Receipts
from devhost.blobs.watcher import Player
from devhost.blobs.watches import EVENT_QUEUE, Watch, subscription, watches
from devhost.durable.http_api import Management
from devhost.durable.hub import Hub
from devhost.durable.links import PREFIX, Links
from devhost.durable.store import Store
from devhost.durable.worker import Worker
from devhost.functions import (
    ACTIVITY,
    BLOB,
    HTTP,
    ORCHESTRATION,
    QUEUE,
    TIMER,
    Indexed,
    index,
    is_disabled,
)
from devhost.http.cors import Cors
from devhost.http.host_endpoints import HostEndpoints
from devhost.http.keys import Keys
from devhost.http.routing import RouteTable
from devhost.http.triggers import HttpFunctions
from devhost.invoker import Invoker, thread_count
from devhost.io_threads import Blocking
from devhost.project import Project
from devhost.queues.listener import QueueListener, read_last_calls_s
from devhost.queues.messages import Encoding
from devhost.queues.services import QueueServices
from devhost.queues.triggers import QueueCalls, queue_triggers
from devhost.state import State
from devhost.timers.timer import Timer

log = logging.getLogger("devhost")


class Host:
    """Everything that runs for one app."""

    def __init__(
        self, project: Project, app: FunctionRegister, url: str = "http://127.0.0.1:7071"
    ) -> None:
        """``url``: where it will serve."""
        registered = index(app)
        self._functions = _served(registered)
        self._origins = project.origins
        self._routes = RouteTable(self._of_kind(HTTP), project.route_prefix)
        for hidden, by in self._routes.hidden():
            log.warning("the route of %s is hidden by that of %s, which sorts first", hidden, by)
        local_dir = Path(os.environ.get("LOCAL_DIR", "").strip() or ".local")
        self._services = QueueServices(os.environ, local_dir)
        self._queues = queue_triggers(self._of_kind(QUEUE), self._services, os.environ)
        events = next((t.queue for t in self._queues if t.queue.name == EVENT_QUEUE), None)
        watched = watches(self._of_kind(BLOB), os.environ, local_dir, events)
        if events is not None and not any(function.kind == BLOB for function in registered):
            watched = [subscription(events, os.environ, local_dir)]
        kept = (QUEUE, TIMER, ORCHESTRATION)
        keeps = watched or any(self._of_kind(kind) for kind in kept)
        self._state = State(local_dir / "devhost" if keeps else None)
        self._keys = Keys()
        self._links = Links(url, project.durable.hub, self._keys.key)
        self._invoke = Invoker(thread_count(), self._links.binding())
        self._blocking = Blocking()
        self._blob_queue = BlobQueue(self._state, Encoding(project.queues.base64))
        self._player = self._blob_player(project, watched)
        self._listeners = [
            QueueListener(
                trigger.queue, QueueCalls(trigger, self._invoke), project.queues, self._blocking
            )
            for trigger in self._queues
        ]
        if any(watch.triggers for watch in watched):
            self._listeners.append(self._blob_listener(project, watched))
        self._durable = self._hub(project)
        self._timers = [
            Timer(function, os.environ, self._invoke, self._state)
            for function in self._of_kind(TIMER)
        ]

    def _hub(self, project: Project) -> Hub | None:
        if not self._of_kind(ORCHESTRATION):
            return None
        worker = Worker({f.name.casefold(): f for f in self._functions}, self._invoke)
        return Hub(Store(self._state), worker, project.durable)

    def _blob_player(self, project: Project, watched: list[Watch]) -> Player:
        receipts = Receipts(self._state)
        jobs = EventJobs(self._blocking, receipts, Encoding(project.queues.base64))
        return Player(watched, self._blob_queue, jobs, receipts, self._blocking)

    def _blob_listener(self, project: Project, watched: list[Watch]) -> QueueListener:
        calls = BlobCalls(watched, self._services, self._invoke, self._blocking)
        options = project.blobs.queue_options(base64=project.queues.base64)
        return QueueListener(self._blob_queue, calls, options, self._blocking)

    def asgi(self) -> ASGIApp:
        endpoints = HostEndpoints(
            self._functions, self._player, pending=self._pending, keys=self._keys
        )
        functions = HttpFunctions(self._routes, self._invoke, self._keys)
        hub = self._durable
        durable = Management(hub, self._links, self._keys).routes() if hub else []
        own = Starlette(routes=[*endpoints.routes(), *durable], lifespan=lambda _: self._playing())

        async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
            # not by the web framework's router, which decodes paths otherwise than the host
            is_own = scope["type"] != "http" or scope["path"].startswith(("/admin/", "/runtime/"))
            await (own if is_own else functions)(scope, receive, send)

        return Cors(dispatch, self._origins)

    @contextlib.asynccontextmanager
    async def _playing(self) -> AsyncIterator[None]:
        """The triggers that nobody calls over HTTP, for as long as the host serves."""
        tasks = self._player.tasks()
        listening = [asyncio.create_task(listener.run()) for listener in self._listeners]
        tasks += listening
        tasks += [asyncio.create_task(timer.run()) for timer in self._timers]
        tasks += [asyncio.create_task(self._durable.run())] if self._durable else []
        try:
            yield
            for listener in self._listeners:
                listener.end()
            if listening:
                await asyncio.wait(listening, timeout=read_last_calls_s())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._blocking.close()

    async def _pending(self) -> int:
        """Changes of blobs that are not dealt with: noticed, or on a queue."""
        # in this order, since what moves on goes from the first to the last
        pending = self._player.pending
        pending += await self._blocking(self._blob_queue.count)
        for name in (EVENT_QUEUE, f"{EVENT_QUEUE}-poison", POISON_QUEUE):
            for trigger in self._queues:
                if trigger.queue.name == name:
                    pending += await self._blocking(trigger.queue.count)
        return pending

    def describe(self, url: str) -> None:
        for route in self._routes.routes:
            methods = ",".join(sorted(route.methods)) or "any"
            _list(route.function, methods, f"{url}/{route.template}")
        for watch in self._player.watches:
            for trigger in watch.triggers:
                posts = "posts to /runtime/webhooks/blobs"
                where = watch.container.where if watch.scanned else posts
                _list(trigger.function, "blob", where)
        for queue in self._queues:
            _list(queue.function, "queue", queue.queue.where)
        for kind, how in ((ORCHESTRATION, "orchestrator"), (ACTIVITY, "activity")):
            for function in self._of_kind(kind):
                _list(function, how, f"{url}{PREFIX}")
        for timer in self._timers:
            _list(timer.function, "timer", f"{timer.schedule.expression} (UTC)")

    def close(self) -> None:
        self._invoke.close()
        self._services.close()
        self._state.close()

    def _of_kind(self, kind: str) -> list[Indexed]:
        return [function for function in self._functions if function.kind == kind]


def _served(indexed: list[Indexed]) -> list[Indexed]:
    if not indexed:
        log.warning("the app has no functions")
    for function in indexed:
        if function.unplayed:
            log.warning("%s is not served: %s", function.name, ", ".join(function.unplayed))
        elif is_disabled(function, os.environ):
            log.info("%s is disabled by an app setting", function.name)
    return [f for f in indexed if not f.unplayed and not is_disabled(f, os.environ)]


def _list(function: Indexed, how: str, where: str) -> None:
    log.info("%-28s %-12s %s", function.name, how, where)
