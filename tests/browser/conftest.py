"""Fixtures: a real headless Chromium, and a devhost with the starter model and the samples."""

import time

import pytest
from playwright.sync_api import expect

from samples.catalogue import load
from tests.browser.chromium import running_chromium
from tests.host import Host, eventually

PRODUCTS = len(load())
TIMEOUT_MS = 15_000  # ends a test that hangs; no promise of speed


@pytest.fixture(scope="package")
def shop(tmp_path_factory):
    """Runs the whole app with the sample catalogue indexed."""
    host = Host(tmp_path_factory.mktemp("shop"), module="devhost.start")
    try:
        eventually(lambda: host.stats()["products"] == PRODUCTS, "samples indexed", seconds=90)
        yield host
    finally:
        host.stop()


@pytest.fixture(scope="package")
def chromium_runner():
    expect.set_options(timeout=TIMEOUT_MS)
    with running_chromium() as runner:
        yield runner


@pytest.fixture
def chromium(chromium_runner):
    """The system's Chromium, since Playwright's own browsers would have to be downloaded."""
    return chromium_runner.browser


@pytest.fixture
def open_page(chromium, shop):
    """Returns a function that opens the dashboard at an address such as ``#/search?q=bag``. Any
    error or warning in the browser's console fails the test, a violated policy included."""
    contexts, complaints = [], []

    def open_at(
        address="", *, host=shop, path="/api/dashboard", width=1280, expected="", **options
    ):
        """``expected``: messages of the console with this text are part of the test."""
        options = {"locale": "en", "viewport": {"width": width, "height": 900}, **options}
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(TIMEOUT_MS)

        def record(text):
            if not expected or expected not in text:
                complaints.append(text)

        page.on("pageerror", lambda error: record(str(error)))
        page.on(
            "console",
            lambda message: record(message.text) if message.type in ("error", "warning") else None,
        )
        page.goto(f"{host.url}{path}{address}")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []


def product_names(page):
    """Returns the names of the products that are shown."""
    return page.locator(".product .name").all_inner_texts()


def wait_for_results(page):
    """Waits until the last search shows its products or a message, and returns the page."""
    done = ".result-area[aria-busy=false]"
    page.wait_for_selector(f"{done} .product[data-id], {done} .state")
    return page


def run_search(page, words):
    page.fill("#q", words)
    page.press("#q", "Enter")
    page.wait_for_url(f"**q={words.split()[0]}*")
    return wait_for_results(page)


def wait_until(condition, description, seconds=15):
    """Polls a condition of the page or the app. What Playwright tracks by events, such as
    ``page.url``, does not change in this loop: use Playwright's own waits for it."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {description}"
        time.sleep(0.05)
