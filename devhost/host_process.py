"""A development host as a process of its own: for tests, benchmarks and scripts."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 60

_LISTENING = re.compile(r"Listening on (\S+)")


class HostProcess:
    """``python -m devhost`` on a free port; up when the constructor returns.

    It keeps everything below ``local_dir``, writes its log to ``host.log`` there, and ignores
    settings of the environment that lead to a real account or index, unless they are in ``env``.
    """

    def __init__(
        self, local_dir: Path, *, module: str = "devhost", app: str = "", **env: str
    ) -> None:
        """``app``: the folder of the app, if not this project's."""
        self.log = local_dir / "host.log"
        isolated = {"LOCAL_DIR": str(local_dir), "AzureWebJobsStorage": "", "QDRANT_URL": ""}
        app_arguments = ["--app", app] if app else []
        local_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [
                    sys.executable,
                    "-m",
                    module,
                    "--host",
                    "127.0.0.1",
                    "--port",
                    "0",
                    *app_arguments,
                ],
                cwd=ROOT,
                env={**os.environ, **isolated, **env},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.url = self._wait_for_url()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stops it as Ctrl-C does, and waits until it has ended."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        finally:
            self.kill()

    def kill(self) -> None:
        """Sends SIGKILL to it and to everything it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(15)

    def _wait_for_url(self) -> str:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            match = _LISTENING.search(self.log.read_text(errors="replace"))
            if match is not None:
                return match[1]
            if self.process.poll() is not None:
                raise RuntimeError(f"the host ended:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.02)
        raise RuntimeError(f"the host is not up after {START_TIMEOUT_S} s")
