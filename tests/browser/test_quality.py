"""Accessibility by axe, the page's weight, the function key, and the browser's measurements."""

import pytest
from playwright.sync_api import Error

from devhost import ROOT
from tests.browser.conftest import product_names, wait_for_results, wait_until
from tests.host import Host

SAMPLES = ROOT / "samples" / "images"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
MAX_BYTES = 150_000  # of all views together, without pictures
SIGN_IN = 'localStorage.setItem("name", "ada")'


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address",
    [
        "#/search?q=red dress",
        "#/search?q=red dress&item=red-dress",
        "#/search?q=xyzzy&f.colour=none",
        "#/upload",
        "#/jobs",
        "#/saved",
        "#/status",
    ],
)
def test_axe_finds_nothing_serious(open_page, address, scheme):
    page = open_page("#/upload", color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    page.evaluate(SIGN_IN)
    page.goto(page.url.partition("#")[0] + address)
    page.reload()
    page.wait_for_load_state("networkidle")
    if "upload" in address:
        picture = SAMPLES / "teddy-bear" / "front.webp"
        page.set_input_files("#upload-files", picture)
        page.locator(".drafts > li").wait_for()
    page.evaluate(AXE.read_text())
    violations = page.evaluate("axe.run()")["violations"]
    serious = [
        (violation["id"], [node["html"][:120] for node in violation["nodes"]])
        for violation in violations
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_all_views_together_are_light(open_page):
    """Counts every file but pictures; visits every view, so that files that load late count too."""
    page = open_page("#/search?q=red dress", expected="400")  # the page has no name yet
    sizes = {}

    def add_size(response):
        if "/dashboard" in response.url:
            sizes[response.url] = len(response.body())

    page.on("response", add_size)
    page.reload()
    for view in ("upload", "jobs", "status", "saved"):
        page.evaluate(f"location.hash = '#/{view}'")
        page.wait_for_selector(f"[data-view={view}].work")
        page.keyboard.press("Escape")
    assert len(sizes) > 30
    assert sum(sizes.values()) < MAX_BYTES


def test_the_browser_marks_when_results_are_painted(open_page):
    """Checks that the marks exist and are in order; benchmarks/dashboard.py has the figures."""
    page = wait_for_results(open_page("#/search?q=red dress"))
    wait_until(
        lambda: page.evaluate("performance.getEntriesByName('results-painted').length"), "marked"
    )
    marks = page.evaluate(
        "['search-started','response-received','results-painted']"
        ".map((name) => performance.getEntriesByName(name)[0].startTime)"
    )
    assert marks == sorted(marks)


def test_the_policy_blocks_injected_html_and_foreign_hosts_and_reports_it(open_page):
    page = wait_for_results(open_page(expected="has been blocked"))
    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>hurt</b>'")
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.evaluate("new Image().src = 'https://elsewhere.example/?' + document.title")


@pytest.fixture(scope="module")
def host_with_key(tmp_path_factory):
    """A host that asks for a key, as Azure does."""
    host = Host(tmp_path_factory.mktemp("locked"), DEVHOST_KEY="open-sesame")
    yield host
    host.stop()


def test_the_page_asks_for_the_key_once_and_stores_it_in_the_tab_only(chromium, host_with_key):
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.goto(f"{host_with_key.url}/api/dashboard")
    page.locator("dialog input[type=password]").fill("wrong")
    page.locator("dialog button.primary").click()
    page.get_by_text("The app rejected that key").wait_for()
    page.locator("dialog input[type=password]").fill("open-sesame")
    page.locator("dialog button.primary").click()
    page.wait_for_selector("dialog", state="detached")
    wait_for_results(page)
    page.reload()
    wait_for_results(page)
    assert page.locator("dialog").count() == 0
    stored = page.evaluate("JSON.stringify([{...localStorage}, document.cookie])")
    assert "open-sesame" not in stored + page.url
    other = context.new_page()  # another tab asks again
    other.goto(f"{host_with_key.url}/api/dashboard")
    other.wait_for_selector("dialog input[type=password]")
    context.close()


def test_pictures_are_fetched_with_the_key(chromium, host_with_key):
    """<img> sends no header, and a key in an address would end up in logs."""
    key = {"x-functions-key": "open-sesame"}
    with (SAMPLES / "teddy-bear" / "front.webp").open("rb") as picture:
        host_with_key.client.post(
            "/api/v1/index-product-with-image",
            headers=key,
            data={"product_id": "bear", "name": "Bear"},
            files={"image_file": picture},
        ).raise_for_status()
    context = chromium.new_context(locale="en")
    page = context.new_page()
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(f"{host_with_key.url}/api/dashboard")
    page.locator("dialog input[type=password]").fill("open-sesame")
    page.locator("dialog button.primary").click()
    picture = page.locator(".product[data-id=bear] img[src^='blob:']")
    picture.evaluate("img => img.decode()")
    assert picture.evaluate("img => img.naturalWidth") > 0
    assert not [url for url in urls if "open-sesame" in url]
    context.close()


def test_the_catalogue_is_shown_without_a_search(open_page):
    assert len(product_names(wait_for_results(open_page()))) > 10
