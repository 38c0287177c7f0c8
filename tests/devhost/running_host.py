"""A devhost process on a copy of one of the small apps in ``apps/``."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from devhost import ROOT
from tests.host import eventually as eventually

APPS = Path(__file__).parent / "apps"
NOT_INHERITED = (
    "HOST",
    "PORT",
    "LOCAL_DIR",
    "AzureWebJobsStorage",
    "PYTHON_THREADPOOL_THREAD_COUNT",
)
QUICK = {
    "BOX": "images",
    "ORDERS": "orders",
    "OFTEN": "0 0 5 * * *",
}


def copy_app(app: str, folder: Path) -> Path:
    """Copies one of the apps in ``apps/``; returns its new folder."""
    return copy_app_from(APPS / app, folder)


def copy_app_from(app: Path, folder: Path) -> Path:
    return Path(shutil.copytree(app, folder / app.name))


def write_app(folder: Path, source: str) -> Path:
    """Writes an app that is this one file."""
    (folder / "function_app.py").write_text(source)
    (folder / "host.json").write_text('{"version": "2.0"}')
    return folder


def launch_host(
    app: Path, *arguments: str, log: Path, module: str = "devhost", **env: str
) -> subprocess.Popen[bytes]:
    inherited = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module, "--app", str(app), *arguments],
            cwd=ROOT,
            env={**inherited, **QUICK, **env},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def read_startup_error(app: Path, *arguments: str, **env: str) -> str:
    """Returns the output of a host that must fail to start."""
    log = app / "refused.log"
    process = launch_host(app, *(arguments or ("--port", "0")), log=log, **env)
    try:
        assert process.wait(20) == 1, log.read_text()
    finally:
        process.kill()
        process.wait()
    return log.read_text()


class RunningHost:
    """``with RunningHost(app) as host``: up when the block begins, gone when it ends."""

    def __init__(self, app: Path, module: str = "devhost", **env: str) -> None:
        self.app = app
        self.images = app / ".local" / "storage" / "images"
        self.log = app / "host.log"
        self._module = module
        self._env = env

    def __enter__(self) -> "RunningHost":
        self.log.write_text("")
        self.process = launch_host(
            self.app, "--port", "0", log=self.log, module=self._module, **self._env
        )
        try:
            eventually(
                lambda: "Listening on" in self.output() or self._check_alive(), "the host starts"
            )
        except BaseException:
            self.kill()
            raise
        self.url = self.output().split("Listening on ")[1].split()[0]
        self.client = httpx.Client(base_url=self.url, timeout=20)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                assert self.process.wait(10) == 0
            finally:
                self.kill()

    def _check_alive(self) -> bool:
        """Raises with the host's output when it has ended."""
        assert self.process.poll() is None, self.output()
        return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Returns the calls of the app's functions that it noted so far."""
        notes = self.app / "events.jsonl"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [event for event in map(json.loads, lines) if event["kind"] == kind]

    def list_changed(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events("changed") if event["name"] == f"images/{name}"]

    def list_deleted(self, name: str) -> list[dict[str, Any]]:
        deletes = self.events("Microsoft.Storage.BlobDeleted")
        return [event for event in deletes if event["subject"].endswith(f"/blobs/{name}")]

    def is_idle(self) -> bool:
        return self.client.get("/admin/host/status").json()["pendingBlobEvents"] == 0

    def drop(self, name: str, data: bytes) -> Path:
        path = self.images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path
