"""Every flow without a mouse: by Tab, arrows, Enter, Space and Escape, the focus always visible."""

from devhost import ROOT
from tests.browser.conftest import product_names, wait_for_results, wait_until

MAX_TABS = 80  # enough to reach the end of the page
FOCUSED = "css => document.activeElement.matches(css)"


def tab_to(page, css):
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED, css):
            assert page.evaluate("css => document.activeElement.matches(':focus-visible')", css)
            return
    raise AssertionError(f"no Tab leads to {css}")


def test_search_filter_open_and_more_like_this(open_page):
    page = wait_for_results(open_page())
    tab_to(page, "#q")
    page.keyboard.type("dress")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=dress*")
    wait_for_results(page)
    tab_to(page, ".filters input[type=checkbox]")
    tab_to(page, "[id='f.colour=red']")
    page.keyboard.press("Space")
    page.wait_for_url("**f.colour=red*")
    wait_for_results(page)
    wait_until(lambda: page.evaluate(FOCUSED, "[id='f.colour=red']"), "the focus stays on the box")
    tab_to(page, ".product .open")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.locator("dialog.details").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    wait_until(lambda: page.evaluate(FOCUSED, ".product .open"), "the focus is back on the card")
    first = page.locator(".product").first.get_attribute("data-id")
    tab_to(page, ".more-like")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**like={first}*")


def test_the_grid_is_one_stop_and_arrows_go_by_row(open_page):
    page = wait_for_results(open_page("#/search?q=shoe"))
    tab_to(page, ".product .open")
    columns = page.evaluate(
        """() => { const all = [...document.querySelectorAll(".product")];
        return all.filter((card) => card.offsetTop === all[0].offsetTop).length; }"""
    )
    at = "[...document.querySelectorAll('.open')].indexOf(document.activeElement)"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(at) == columns
    page.keyboard.press("End")
    assert page.evaluate(at) == page.locator(".open").count() - 1
    page.keyboard.press("Home")
    assert page.evaluate(at) == 0


def test_views_language_and_a_saved_search(open_page):
    page = wait_for_results(open_page("#/search?q=red dress"))
    page.evaluate('localStorage.setItem("name", "keys")')
    tab_to(page, "a[href*='save=1']")
    page.keyboard.press("Enter")
    page.locator("#save-name:focus").wait_for()
    page.keyboard.type(" again")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Run").wait_for()
    tab_to(page, "li[data-saved] a.button")
    page.keyboard.press("Enter")
    page.wait_for_url("**saved=*")
    assert product_names(wait_for_results(page))[0] == "Red summer dress"


def test_pictures_are_added(open_page):
    page = open_page("#/upload")
    page.wait_for_selector("[data-view=upload].work")
    tab_to(page, "#upload-files")  # the file dialog itself is the browser's
    picture = ROOT / "samples" / "images" / "teddy-bear" / "front.webp"
    page.set_input_files("#upload-files", picture)
    page.locator(".drafts > li").wait_for()
    tab_to(page, ".drafts .icon-button")
    page.keyboard.press("Enter")
    page.locator(".drafts > li").wait_for(state="detached")
