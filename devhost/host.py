"""The host of one app: its functions, its routes, and the parts that play their triggers."""

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

from devhost.blobs import (
    EVENT_QUEUE,
    POISON_BLOB_QUEUE,
    BlobMessageHandler,
    BlobQueue,
    BlobReceipts,
    ContainerWatch,
    ContainerWatcher,
    EventPublisher,
    make_subscription,
    make_watches,
)
from devhost.durable import (
    PREFIX,
    DurableApi,
    DurableLinks,
    DurableStore,
    DurableWorker,
    TaskHub,
)
from devhost.functions import (
    ACTIVITY,
    BLOB,
    HTTP,
    ORCHESTRATION,
    QUEUE,
    TIMER,
    AppFunction,
    is_disabled,
    load_functions,
)
from devhost.http import CorsMiddleware, FunctionKeys, HostEndpoints, HttpFunctions, RouteTable
from devhost.invoker import Invoker, read_thread_count
from devhost.io_threads import IoThreads
from devhost.project import Project
from devhost.queues import (
    MessageEncoding,
    QueueListener,
    QueueMessageHandler,
    QueueServices,
    make_queue_triggers,
    read_drain_timeout_s,
)
from devhost.state import HostState
from devhost.timers import TimerTrigger

log = logging.getLogger("devhost")


class FunctionsHost:
    """Everything that runs for one app."""

    def __init__(
        self, project: Project, app: FunctionRegister, url: str = "http://127.0.0.1:7071"
    ) -> None:
        """``url``: where the host will serve."""
        registered = load_functions(app)
        self._functions = _select_served(registered)
        self._origins = project.origins
        self._routes = RouteTable(self._of_kind(HTTP), project.route_prefix)
        for hidden, hiding in self._routes.find_hidden():
            log.warning(
                "the route of %s is hidden by that of %s, which sorts first", hidden, hiding
            )
        local_dir = Path(os.environ.get("LOCAL_DIR", "").strip() or ".local")
        self._services = QueueServices(os.environ, local_dir)
        self._queue_triggers = make_queue_triggers(self._of_kind(QUEUE), self._services, os.environ)
        watches = self._make_watches(registered, local_dir)
        needs_state = watches or any(map(self._of_kind, (QUEUE, TIMER, ORCHESTRATION)))
        self._state = HostState(local_dir / "devhost" if needs_state else None)
        self._keys = FunctionKeys()
        self._links = DurableLinks(url, project.durable.hub, self._keys.key)
        self._invoke = Invoker(read_thread_count(), self._links.make_client_binding())
        self._io_threads = IoThreads()
        self._encoding = MessageEncoding(project.queues.base64)
        self._blob_queue = BlobQueue(self._state, self._encoding)
        self._watcher = self._make_watcher(watches)
        self._listeners = [
            QueueListener(
                trigger.queue,
                QueueMessageHandler(trigger, self._invoke),
                project.queues,
                self._io_threads,
            )
            for trigger in self._queue_triggers
        ]
        if any(watch.triggers for watch in watches):
            self._listeners.append(self._make_blob_listener(project, watches))
        self._task_hub = self._make_task_hub(project)
        self._timers = [
            TimerTrigger(function, os.environ, self._invoke, self._state)
            for function in self._of_kind(TIMER)
        ]

    def _make_watches(self, registered: list[AppFunction], local_dir: Path) -> list[ContainerWatch]:
        queues = (trigger.queue for trigger in self._queue_triggers)
        event_queue = next((queue for queue in queues if queue.name == EVENT_QUEUE), None)
        if event_queue is not None and not any(function.kind == BLOB for function in registered):
            return [make_subscription(event_queue, os.environ, local_dir)]
        return make_watches(self._of_kind(BLOB), os.environ, local_dir, event_queue)

    def _make_task_hub(self, project: Project) -> TaskHub | None:
        if not self._of_kind(ORCHESTRATION):
            return None
        functions = {function.name.casefold(): function for function in self._functions}
        worker = DurableWorker(functions, self._invoke)
        return TaskHub(DurableStore(self._state), worker, project.durable)

    def _make_watcher(self, watches: list[ContainerWatch]) -> ContainerWatcher:
        receipts = BlobReceipts(self._state)
        publisher = EventPublisher(self._io_threads, receipts, self._encoding)
        return ContainerWatcher(watches, self._blob_queue, publisher, receipts, self._io_threads)

    def _make_blob_listener(self, project: Project, watches: list[ContainerWatch]) -> QueueListener:
        handler = BlobMessageHandler(watches, self._services, self._invoke, self._io_threads)
        options = project.blobs.queue_options(base64=project.queues.base64)
        return QueueListener(self._blob_queue, handler, options, self._io_threads)

    def make_asgi_app(self) -> ASGIApp:
        endpoints = HostEndpoints(
            self._functions, self._watcher, count_pending=self._count_pending, keys=self._keys
        )
        functions = HttpFunctions(self._routes, self._invoke, self._keys)
        hub = self._task_hub
        durable_routes = DurableApi(hub, self._links, self._keys).routes() if hub else []
        host_app = Starlette(
            routes=[*endpoints.routes(), *durable_routes],
            lifespan=lambda _: self._run_triggers(),
        )

        async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
            # not by the web framework's router, which decodes paths in another way than the host
            is_own = scope["type"] != "http" or scope["path"].startswith(("/admin/", "/runtime/"))
            await (host_app if is_own else functions)(scope, receive, send)

        return CorsMiddleware(dispatch, self._origins)

    @contextlib.asynccontextmanager
    async def _run_triggers(self) -> AsyncIterator[None]:
        """Plays all triggers but HTTP for as long as the host serves."""
        tasks = self._watcher.start()
        listener_tasks = [asyncio.create_task(listener.run()) for listener in self._listeners]
        tasks += listener_tasks
        tasks += [asyncio.create_task(timer.run()) for timer in self._timers]
        tasks += [asyncio.create_task(self._task_hub.run())] if self._task_hub else []
        try:
            yield
            for listener in self._listeners:
                listener.stop()
            if listener_tasks:
                await asyncio.wait(listener_tasks, timeout=read_drain_timeout_s())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._io_threads.close()

    async def _count_pending(self) -> int:
        """Counts changed blobs that are still being handled: noticed, or on a queue."""
        # in this order, since a blob moves on from the first to the last
        count = self._watcher.pending_count
        count += await self._io_threads.run(self._blob_queue.count)
        for name in (EVENT_QUEUE, f"{EVENT_QUEUE}-poison", POISON_BLOB_QUEUE):
            for trigger in self._queue_triggers:
                if trigger.queue.name == name:
                    count += await self._io_threads.run(trigger.queue.count)
        return count

    def log_functions(self, url: str) -> None:
        """Logs a line for each function, with where it is reached."""
        for route in self._routes.routes:
            methods = ",".join(sorted(route.methods)) or "any"
            _log_function(route.function, methods, f"{url}/{route.template}")
        for watch in self._watcher.watches:
            for trigger in watch.triggers:
                posts = "posts to /runtime/webhooks/blobs"
                source = watch.container.location if watch.is_scanned else posts
                _log_function(trigger.function, "blob", source)
        for queue_trigger in self._queue_triggers:
            _log_function(queue_trigger.function, "queue", queue_trigger.queue.location)
        for kind, label in ((ORCHESTRATION, "orchestrator"), (ACTIVITY, "activity")):
            for function in self._of_kind(kind):
                _log_function(function, label, f"{url}{PREFIX}")
        for timer in self._timers:
            _log_function(timer.function, "timer", f"{timer.schedule.expression} (UTC)")

    def close(self) -> None:
        self._invoke.close()
        self._services.close()
        self._state.close()

    def _of_kind(self, kind: str) -> list[AppFunction]:
        return [function for function in self._functions if function.kind == kind]


def _select_served(functions: list[AppFunction]) -> list[AppFunction]:
    if not functions:
        log.warning("the app has no functions")
    for function in functions:
        if function.unsupported:
            log.warning("%s is not served: %s", function.name, ", ".join(function.unsupported))
        elif is_disabled(function, os.environ):
            log.info("%s is disabled by an app setting", function.name)
    return [f for f in functions if not f.unsupported and not is_disabled(f, os.environ)]


def _log_function(function: AppFunction, label: str, location: str) -> None:
    log.info("%-28s %-12s %s", function.name, label, location)
