"""A development host as a process of its own, for tests that look at the whole app."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Host:
    """``python -m devhost`` on a folder of its own; ``client`` speaks to it."""

    def __init__(self, folder: Path, module: str = "devhost", **env: str) -> None:
        self.folder = folder
        self.images = folder / "storage" / "images"
        self.log = folder / "host.log"
        self.images.mkdir(parents=True, exist_ok=True)
        port = free_port()
        defaults = {"LOCAL_DIR": str(folder), "AzureWebJobsStorage": "", "QDRANT_URL": ""}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, "--port", str(port)],
                cwd=ROOT,
                env={**os.environ, **defaults, **env},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        try:
            eventually(self._answers, "the host answers", seconds=60)
        except BaseException:
            self.kill()
            raise

    def search(self, query: str, **options: object) -> list[str]:
        response = self.client.post("/api/v1/search", json={"query": query, **options})
        response.raise_for_status()
        return [result["id"] for result in response.json()["results"]]

    def search_image(self, picture: bytes, **options: str) -> list[str]:
        response = self.client.post(
            "/api/v1/search-image", files={"file": ("q", picture)}, params=options
        )
        response.raise_for_status()
        return [result["id"] for result in response.json()["results"]]

    def stats(self) -> dict[str, int]:
        return self.client.get("/api/v1/stats").raise_for_status().json()

    def stop(self) -> None:
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        finally:
            self.kill()

    def kill(self) -> None:
        """kill -9, of everything it started too."""
        self.client.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(15)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the host ended:\n{self.log.read_text()}")
        try:
            return self.client.get("/api/v1/health").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def eventually(holds: Callable[[], bool], what: str, *, seconds: float = 20) -> None:
    """Waits until it holds. The limit is for a hang, not a promise of speed."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.03)
