"""Debian's Chromium, driven by Playwright: started for these tests, never downloaded by them."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserType, sync_playwright

from tests.local_services import skip_without

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """Keeps a browser running: after a crash, ``browser`` starts another one for the next test."""

    def __init__(self, chromium: BrowserType, path: str) -> None:
        self._chromium, self._path = chromium, path
        self._browser = self._launch()

    @property
    def browser(self) -> Browser:
        if not self._browser.is_connected():
            self._browser = self._launch()
        return self._browser

    def _launch(self) -> Browser:
        # a container has neither user namespaces nor a large /dev/shm
        flags = ["--no-sandbox", "--disable-dev-shm-usage"]
        return self._chromium.launch(executable_path=self._path, args=flags)


@contextlib.contextmanager
def running_chromium() -> Iterator[Chromium]:
    """Runs a headless Chromium; skips or fails the test if none is installed."""
    path = find_chromium()
    if path is None:
        skip_without("Chromium", "install it, on Debian with `apt-get install chromium`")
    with sync_playwright() as playwright:
        chromium = Chromium(playwright.chromium, str(path))
        yield chromium
        chromium.browser.close()
