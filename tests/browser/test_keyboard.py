"""Without a mouse: each step by Tab, arrows, Enter, Space and Escape, the focus always in sight."""

from devhost.child import ROOT
from tests.browser.conftest import names, settled, until

FARTHEST = 80  # Tabs from the page's beginning to its end, with some to spare
FOCUSED = "css => document.activeElement.matches(css)"


def tab_to(page, css):
    for _ in range(FARTHEST):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED, css):
            assert page.evaluate("css => document.activeElement.matches(':focus-visible')", css)
            return
    raise AssertionError(f"no Tab leads to {css}")


def test_search_filter_open_and_more_like_this(opened):
    page = settled(opened())
    tab_to(page, "#q")
    page.keyboard.type("dress")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=dress*")
    settled(page)
    tab_to(page, ".filters input[type=checkbox]")
    tab_to(page, "[id='f.colour=red']")
    page.keyboard.press("Space")
    page.wait_for_url("**f.colour=red*")
    settled(page)
    until(lambda: page.evaluate(FOCUSED, "[id='f.colour=red']"), "the focus stays on the box")
    tab_to(page, ".product .open")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.locator("dialog.details").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    until(lambda: page.evaluate(FOCUSED, ".product .open"), "the focus is back on the card")
    first = page.locator(".product").first.get_attribute("data-id")
    tab_to(page, ".more-like")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**like={first}*")


def test_the_grid_is_one_stop_and_arrows_go_by_row(opened):
    page = settled(opened("#/search?q=shoe"))
    tab_to(page, ".product .open")
    columns = page.evaluate(
        """() => { const all = [...document.querySelectorAll(".product")];
        return all.filter((each) => each.offsetTop === all[0].offsetTop).length; }"""
    )
    at = "[...document.querySelectorAll('.open')].indexOf(document.activeElement)"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(at) == columns
    page.keyboard.press("End")
    assert page.evaluate(at) == page.locator(".open").count() - 1
    page.keyboard.press("Home")
    assert page.evaluate(at) == 0


def test_views_language_and_a_saved_search(opened):
    page = settled(opened("#/search?q=red dress"))
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
    assert names(settled(page))[0] == "Red summer dress"


def test_pictures_are_added(opened):
    page = opened("#/upload")
    tab_to(page, "#upload-files")  # the browser's own control; what it opens is not of the page
    picture = ROOT / "samples" / "images" / "teddy-bear" / "front.webp"
    page.set_input_files("#upload-files", picture)
    page.locator(".drafts > li").wait_for()
    tab_to(page, ".drafts .icon-button")
    page.keyboard.press("Enter")
    page.locator(".drafts > li").wait_for(state="detached")
