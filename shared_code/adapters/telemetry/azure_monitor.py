"""The Telemetry port on OpenTelemetry, with Application Insights at the other end.

The libraries take a quarter of a second to import, so a thread of their own imports them after
the first call, and tells them of this and all that follow: no answer waits for telemetry. What
cannot be told is dropped, and said once; telemetry never fails a call.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared_code.adapters.telemetry.emitter import Emitter
    from shared_code.domain.telemetry import Operation
    from shared_code.settings import Settings

log = logging.getLogger(__name__)

# INFO is the level of the Functions worker, and these log at INFO: the first each request with its
# headers, the second each transmission that succeeded.
for _name in ("azure.core.pipeline.policies.http_logging_policy", "azure.monitor.opentelemetry"):
    logging.getLogger(_name).setLevel(logging.WARNING)

SERVICE = "catalogue-image-search"

MAX_WAITING = 2_000
"""Calls of some seconds at most; each is about 2 KB."""


class BackgroundTelemetry:
    """``connect`` is called on the thread, once, when there is something to tell."""

    def __init__(self, connect: Callable[[], Emitter]) -> None:
        self._connect = connect
        self._waiting: queue.Queue[Operation] = queue.Queue(MAX_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._has_lost = False

    def record(self, operation: Operation) -> None:
        try:
            self._waiting.put_nowait(operation)
        except queue.Full:
            self._lost("more calls than telemetry can be told of")
        if self._thread is None:
            self._begin()

    def flush(self) -> None:
        """Waits until all that was recorded is told; for tests and a clean end."""
        self._waiting.join()

    def _begin(self) -> None:
        with self._lock:  # two calls may both find it not begun
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        emitter = self._connected()
        while True:
            operation = self._waiting.get()
            try:
                if emitter is not None:
                    emitter.emit(operation)
            except Exception as exc:
                self._lost(type(exc).__name__)
            finally:
                self._waiting.task_done()

    def _connected(self) -> Emitter | None:
        try:
            return self._connect()
        except Exception as exc:
            # its text may quote the connection string
            self._lost(f"it cannot be set up: {type(exc).__name__}")
            return None

    def _lost(self, why: str) -> None:
        if not self._has_lost:
            self._has_lost = True
            log.error("telemetry is incomplete from here on: %s", why)


class AzureMonitor(BackgroundTelemetry):
    @classmethod
    def from_settings(cls, settings: Settings, version: str) -> AzureMonitor:
        where = settings.applicationinsights_connection_string
        return cls(lambda: _azure_monitor(where, version))


def _azure_monitor(connection_string: str, version: str) -> Emitter:
    """With Microsoft's distribution, unless the worker has set one up (by its own settings):
    two would tell everything twice."""
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.trace import TracerProvider

    from shared_code.adapters.telemetry.emitter import Emitter

    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        _configure(connection_string, version)
    return Emitter(trace.get_tracer(SERVICE, version), metrics.get_meter(SERVICE, version))


def _configure(connection_string: str, version: str) -> None:
    from azure.monitor.opentelemetry import configure_azure_monitor
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource

    configure_azure_monitor(
        connection_string=connection_string,
        resource=Resource.create({SERVICE_NAME: SERVICE, SERVICE_VERSION: version}),
        sampling_ratio=TRACED,
        logger_name=NOBODY_LOGS_HERE,
        enable_live_metrics=False,  # would stream for as long as the instance lives
        enable_performance_counters=False,  # the platform counts an instance's memory and cores
        disable_offline_storage=True,  # an instance's disk ends with it
        # stages say it with less, and addresses may hold names of blobs and rows of users
        instrumentation_options={name: {"enabled": False} for name in INSTRUMENTATIONS},
    )


TRACED = 0.1
"""One call in ten, chosen by its trace's id, with all of its stages; OTEL_TRACES_SAMPLER says
otherwise. (The distribution's own sampler limits spans per second, and tears traces apart.)
Metrics count every call."""

NOBODY_LOGS_HERE = f"{SERVICE}.logs-go-with-the-host"
"""The host takes the worker's logs to Application Insights already. Only the environment can keep
the distribution from sending them again; this logger it may have."""

INSTRUMENTATIONS = (
    "azure_sdk",
    "django",
    "fastapi",
    "flask",
    "httpx",
    "httpx2",
    "psycopg2",
    "requests",
    "urllib",
    "urllib3",
)
"""All that come with Microsoft's distribution."""
