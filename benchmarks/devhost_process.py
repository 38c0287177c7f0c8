"""A development host of its own, in a folder of its own, for as long as a block lasts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def devhost(*, module: str = "devhost", local_dir: Path | None = None) -> Iterator[httpx.Client]:
    """Yields a client of the running host; everything it kept is removed afterwards."""
    folder = local_dir or Path(tempfile.mkdtemp(prefix="benchmark-"))
    port = free_port()
    env = {"LOCAL_DIR": str(folder), "AzureWebJobsStorage": "", "QDRANT_URL": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            wait_until_up(client, process)
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)
        if local_dir is None:
            shutil.rmtree(folder, ignore_errors=True)


def wait_until_up(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/api/v1/health").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise RuntimeError("the development host did not start")
