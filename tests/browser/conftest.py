"""Real Chromium, without a window, on a real devhost with the starter model and the samples."""

import time

import pytest
from playwright.sync_api import expect

from samples.catalogue import load
from tests.browser.chromium import running_chromium
from tests.host import Host, eventually

PRODUCTS = len(load())
PATIENCE_MS = 15_000  # for a hang, not a promise of speed


@pytest.fixture(scope="package")
def shop(tmp_path_factory):
    """The whole app, the sample catalogue indexed."""
    host = Host(tmp_path_factory.mktemp("shop"), module="devhost.start")
    try:
        eventually(lambda: host.stats()["products"] == PRODUCTS, "samples indexed", seconds=90)
        yield host
    finally:
        host.stop()


@pytest.fixture(scope="package")
def running():
    expect.set_options(timeout=PATIENCE_MS)
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture
def chromium(running):
    """Of the system: Playwright's own browsers would have to be downloaded."""
    return running.browser


@pytest.fixture
def opened(chromium, shop):
    """Opens the page at an address of its own, such as ``#/search?q=bag``; whatever the browser
    complains of fails the test, a violated Content-Security-Policy included."""
    contexts, complaints = [], []

    def open_at(address="", *, host=shop, width=1280, expected="", **options):
        """``expected``: complaints that hold this text are part of the test."""
        options = {"locale": "en", "viewport": {"width": width, "height": 900}, **options}
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)

        def complain(text):
            if not expected or expected not in text:
                complaints.append(text)

        page.on("pageerror", lambda error: complain(str(error)))
        page.on(
            "console",
            lambda said: complain(said.text) if said.type in ("error", "warning") else None,
        )
        page.goto(f"{host.url}/api/dashboard{address}")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []


def names(page):
    """Of the products that are shown."""
    return page.locator(".product .name").all_inner_texts()


def settled(page):
    """What was asked last is answered, with products or with what there is to say."""
    done = ".result-area[aria-busy=false]"
    page.wait_for_selector(f"{done} .product[data-id], {done} .state")
    return page


def search(page, words):
    page.fill("#q", words)
    page.press("#q", "Enter")
    page.wait_for_url(f"**q={words.split()[0]}*")
    return settled(page)


def until(holds, what, seconds=15):
    """``holds`` asks the page or the app: what Playwright is told of, such as ``page.url``, does
    not change meanwhile, and has waits of its own."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)
