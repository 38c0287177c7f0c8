"""The Telemetry port on OpenTelemetry, with Application Insights at the other end.

The libraries take a quarter of a second to import, so a thread of its own imports them after the
first call and passes them this call and all that follow: no response waits for telemetry. Calls
that cannot be recorded are dropped, which is logged once; telemetry never fails a call.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared_code.adapters.telemetry.emitter import Emitter
    from shared_code.domain.ports import Operation

log = logging.getLogger(__name__)

# INFO is the level of the Functions worker, and these log at INFO: the first every request with
# its headers, the second every transmission that succeeded.
for _name in ("azure.core.pipeline.policies.http_logging_policy", "azure.monitor.opentelemetry"):
    logging.getLogger(_name).setLevel(logging.WARNING)

SERVICE = "catalogue-image-search"

MAX_WAITING = 2_000
"""The calls of a few seconds at most; each takes about 2 KB."""


class BackgroundTelemetry:
    """Records calls on a thread of its own, which calls ``connect`` once there is one to record."""

    def __init__(self, connect: Callable[[], Emitter]) -> None:
        self._connect = connect
        self._waiting: queue.Queue[Operation] = queue.Queue(MAX_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._has_logged_loss = False

    def record(self, operation: Operation) -> None:
        try:
            self._waiting.put_nowait(operation)
        except queue.Full:
            self._log_loss("there are more calls than it can record")
        if self._thread is None:
            self._start_thread()

    def flush(self) -> None:
        """Waits until all recorded calls are passed on; for tests and a clean end."""
        self._waiting.join()

    def _start_thread(self) -> None:
        with self._lock:  # two calls may both find it not started
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        emitter = self._try_to_connect()
        while True:
            operation = self._waiting.get()
            try:
                if emitter is not None:
                    emitter.emit(operation)
            except Exception as exc:
                self._log_loss(type(exc).__name__)
            finally:
                self._waiting.task_done()

    def _try_to_connect(self) -> Emitter | None:
        try:
            return self._connect()
        except Exception as exc:
            # its text may quote the connection string
            self._log_loss(f"it cannot be set up: {type(exc).__name__}")
            return None

    def _log_loss(self, why: str) -> None:
        if not self._has_logged_loss:
            self._has_logged_loss = True
            log.error("telemetry is incomplete from here on: %s", why)


class AzureMonitor(BackgroundTelemetry):
    def __init__(self, connection_string: str, *, version: str) -> None:
        """``version`` is the app's, which every span and metric carries."""
        super().__init__(lambda: _connect(connection_string, version))


def _connect(connection_string: str, version: str) -> Emitter:
    """Sets up Microsoft's distribution, unless the worker has done so (by its own settings): two
    would send everything twice."""
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
        sampling_ratio=TRACED_SHARE,
        logger_name=UNUSED_LOGGER,
        enable_live_metrics=False,  # would stream for as long as the instance lives
        enable_performance_counters=False,  # the platform counts an instance's memory and cores
        disable_offline_storage=True,  # an instance's disk is gone with it
        # our stages say as much with less, and URLs may hold names of blobs and users' rows
        instrumentation_options={name: {"enabled": False} for name in INSTRUMENTATIONS},
    )


TRACED_SHARE = 0.1
"""One call in ten is traced, chosen by its trace's id, with all of its stages, unless
OTEL_TRACES_SAMPLER says otherwise. (The distribution's own sampler limits spans per second, and
tears traces apart.) Metrics count every call."""

UNUSED_LOGGER = f"{SERVICE}.logs-go-with-the-host"
"""The host sends the worker's logs to Application Insights already. Only the environment can keep
the distribution from sending them again, so it is given a logger that nobody uses."""

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
"""All the instrumentations that come with Microsoft's distribution."""
