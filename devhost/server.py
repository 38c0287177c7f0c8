"""Starts the host and stops it on a signal: within two seconds, unless functions of queue or blob
triggers are running, for which it waits as Azure's host does. A second signal ends it at once."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from devhost import console
from devhost.host import FunctionsHost
from devhost.http import KestrelProtocol
from devhost.project import Project, StartupError

log = logging.getLogger("devhost")

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  # named, not bound

_CLOSE_TIMEOUT_S = 3.0  # for a flush; what is not flushed by then is in the write-ahead log

WhenReady = Callable[[str, threading.Event], None]
"""Called on a thread of its own, with the host's URL and an event that is set when it must stop."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    host: str = "127.0.0.1"
    port: int = 7071
    folder: Path = Path()


def run(options: ServerOptions, when_ready: WhenReady | None = None) -> int:
    """Serves until SIGINT or SIGTERM; returns the exit status."""
    console.set_up_logging()
    try:
        with _open_listener(options) as listener:
            project = Project.load(options.folder.resolve())
            host = FunctionsHost(project, project.load_app(), _make_url(listener, options.host))
            server = HostServer(host, listener, options, when_ready)
            try:
                server.run([listener])
            finally:
                host.close()
    except StartupError as exc:
        print(f"devhost: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the server has its own handlers
        return 130
    _close_app()
    return 0


def _close_app() -> None:
    """Closes the app, which Azure's worker does not do, and ends the process if threads
    would keep it alive."""
    _join_threads(timeout_s=0.2)
    if "shared_code.app" in sys.modules:
        close = sys.modules["shared_code.app"].close_app
        closing = threading.Thread(target=close, daemon=True)
        closing.start()
        closing.join(_CLOSE_TIMEOUT_S)
    if not _join_threads(timeout_s=0.1):
        log.warning("stopped while functions were running")
        logging.shutdown()
        os._exit(0)


def _join_threads(*, timeout_s: float) -> bool:
    """Returns whether all have ended."""
    deadline = time.monotonic() + timeout_s
    threads = [
        t for t in threading.enumerate() if not t.daemon and t is not threading.main_thread()
    ]
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def _make_url(listener: socket.socket, host: str) -> str:
    """Returns the URL by which this machine reaches the host."""
    name = _ANY_ADDRESS.get(host) or (f"[{host}]" if ":" in host else host)
    return f"http://{name}:{listener.getsockname()[1]}"


@contextlib.contextmanager
def _open_listener(options: ServerOptions) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms a request) off only where the protocol is named
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        if os.name == "posix":  # elsewhere it would let two hosts share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((options.host, options.port))
            listener.listen(512)
        except OSError as exc:
            raise StartupError(
                f"cannot listen on {options.host} port {options.port} ({exc.strerror}). "
                f"Try another: make start PORT={options.port + 1}"
            ) from exc
        yield listener


class HostServer(uvicorn.Server):
    """Uvicorn with this host's log lines and signal handlers."""

    def __init__(
        self,
        host: FunctionsHost,
        listener: socket.socket,
        options: ServerOptions,
        when_ready: WhenReady | None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                host.make_asgi_app(),
                http=KestrelProtocol,
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self._host = host
        self._url = _make_url(listener, options.host)
        self._is_loopback = options.host in _LOOPBACK
        self._when_ready = when_ready
        self._stopping = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._host.log_functions(self._url)
        if not self._is_loopback and not os.environ.get("DEVHOST_KEY"):
            log.warning("open to the network, without function keys: DEVHOST_KEY sets one")
        log.info("Listening on %s (Ctrl-C stops)", self._url)
        if self._when_ready is not None:
            arguments = (self._url, self._stopping)
            threading.Thread(target=self._when_ready, args=arguments, daemon=True).start()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals = [signal.SIGINT, signal.SIGTERM]
        if hasattr(signal, "SIGHUP"):  # its terminal was closed; not on Windows
            signals.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._stop) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.should_exit:  # the second signal
            os._exit(130)
        self._stopping.set()
        self.should_exit = True
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
