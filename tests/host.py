"""A development host as a process, with shortcuts for tests of the whole app."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from devhost import HostProcess


class Host(HostProcess):
    """The whole app on a folder of its own, with an HTTP client."""

    def __init__(self, folder: Path, *, module: str = "devhost", **env: str) -> None:
        self.folder = folder
        self.images = folder / "storage" / "images"
        self.images.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, module=module, **env)
        self.client = httpx.Client(base_url=self.url, timeout=30)

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

    def kill(self) -> None:
        if hasattr(self, "client"):  # not yet, when the host did not start
            self.client.close()
        super().kill()


def eventually(holds: Callable[[], bool], description: str, *, seconds: float = 20) -> None:
    """Waits until it holds. The limit is for a hang, not a promise of speed."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {description}")
        time.sleep(0.03)
