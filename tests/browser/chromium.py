"""Debian's Chromium, driven by Playwright: started for these tests, never downloaded by them."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

from tests.real import missing

NAMES = ("chromium", "chromium-browser", "google-chrome")


def found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def running_chromium() -> Iterator[Browser]:
    """Headless; skips or fails when there is none."""
    path = found()
    if path is None:
        missing("Chromium", "install it, on Debian with `apt-get install chromium`")
    # a container has neither user namespaces nor a large /dev/shm
    flags = ["--no-sandbox", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()
