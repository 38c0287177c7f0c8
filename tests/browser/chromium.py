"""Debian's Chromium, driven by Playwright: started for these tests, never downloaded by them."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserType, sync_playwright

from tests.real import missing

NAMES = ("chromium", "chromium-browser", "google-chrome")


def found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """``browser`` is one that runs: when the last one has crashed, the next test gets another."""

    def __init__(self, chromium: BrowserType, path: str) -> None:
        self._chromium, self._path = chromium, path
        self._running = self._launched()

    @property
    def browser(self) -> Browser:
        if not self._running.is_connected():
            self._running = self._launched()
        return self._running

    def _launched(self) -> Browser:
        # a container has neither user namespaces nor a large /dev/shm
        flags = ["--no-sandbox", "--disable-dev-shm-usage"]
        return self._chromium.launch(executable_path=self._path, args=flags)


@contextlib.contextmanager
def running_chromium() -> Iterator[Chromium]:
    """Headless; skips or fails when there is none."""
    path = found()
    if path is None:
        missing("Chromium", "install it, on Debian with `apt-get install chromium`")
    with sync_playwright() as playwright:
        running = Chromium(playwright.chromium, str(path))
        yield running
        running.browser.close()
