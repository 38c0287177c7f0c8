"""The search view in a real browser: words, pictures, both and without; grid, filters, panel."""

import pytest

from devhost.child import ROOT
from tests.browser.conftest import names, search, settled, until

DRESS = ROOT / "samples" / "images" / "red-dress" / "front.webp"


def test_words_find_and_the_address_holds_them(opened):
    page = opened()
    search(page, "red dress")
    assert names(page)[0] == "Red summer dress"
    search(page, "teddy bear")
    assert names(page)[0] == "Teddy bear"
    page.go_back()
    until(lambda: names(page)[:1] == ["Red summer dress"], "back shows the search before")
    assert page.input_value("#q") == "red dress"
    other = settled(opened(page.url.partition("/api/dashboard")[2]))  # shared with a colleague
    assert names(other) == names(page)


def test_a_picture_finds_what_looks_like_it_and_words_turn_it(opened):
    page = opened()
    page.set_input_files("input[type=file]:not([capture])", DRESS)
    page.wait_for_selector(".query-pictures li")
    settled(page)
    until(lambda: names(page)[:1] == ["Red summer dress"], "the picture's own product is first")
    page.fill("#q", "green")
    page.press("#q", "Enter")
    until(lambda: names(page)[:1] == ["Green summer dress"], "this one, but green")
    assert page.is_visible(".composer .weight input[type=range]")
    before = names(page)
    page.locator(".composer .weight input[type=range]").fill("1")
    until(lambda: names(page) != before, "the slider changes the order")


def test_a_pasted_picture_is_searched_for(opened):
    page = settled(opened())
    page.evaluate(
        """async (bytes) => {
            const file = new File([new Uint8Array(bytes)], "pasted.webp", {type: "image/webp"});
            const data = new DataTransfer();
            data.items.add(file);
            const options = {clipboardData: data, bubbles: true};
            document.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        list(DRESS.read_bytes()),
    )
    page.wait_for_selector(".query-pictures li")
    until(lambda: names(page)[:1] == ["Red summer dress"], "the pasted picture is found")


def test_without_takes_away(opened):
    page = opened("#/search?q=dress")
    before = names(settled(page))
    page.fill("input[name=not]", "red")
    page.press("input[name=not]", "Enter")
    until(lambda: names(page) not in ([], before), "the order is another")
    assert names(page).index("Blue summer dress") < len(names(page))
    assert names(page)[0] != "Red summer dress"


def test_a_part_of_the_picture_by_the_keyboard(opened):
    page = opened()
    page.set_input_files("input[type=file]:not([capture])", DRESS)
    page.wait_for_selector(".query-pictures li")
    settled(page)
    before = page.url
    page.locator(".query-pictures button").first.click()
    page.wait_for_selector("dialog .crop-box")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Shift+ArrowUp")
    page.locator("dialog button.primary").click()
    page.wait_for_url(lambda url: url != before)
    settled(page)


def test_more_like_this_and_the_panel(opened):
    page = settled(opened("#/search?q=red dress"))
    page.locator(".product").first.hover()
    page.locator(".product .more-like").first.click()
    page.wait_for_url(lambda url: "like=" in url)
    settled(page)
    assert "Red summer dress" not in names(page)  # what is given is not among the results
    page.locator("button.open").first.click()
    page.wait_for_selector("dialog .metadata")
    assert "Why this result" in page.locator("dialog .why").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")


def test_facets_have_counts_and_chips_take_them_back(opened):
    page = settled(opened("#/search?q=dress"))
    tick = page.get_by_role("checkbox", name="red").first
    tick.check()
    page.wait_for_url(lambda url: "f.colour=red" in url)
    settled(page)
    until(lambda: all("Blue" not in name for name in names(page)), "only red ones are shown")
    page.locator(".chips button.chip").first.click()
    page.wait_for_url(lambda url: "f.colour" not in url)
    page.locator("fieldset .range input").last.fill("20")
    page.keyboard.press("Tab")
    page.wait_for_url(lambda url: "price" in url)
    settled(page)


def test_sorted_by_price(opened):
    page = settled(opened("#/search?q=shoe"))
    page.locator(".tools select").select_option("price")
    page.wait_for_url(lambda url: "sort=price" in url)
    settled(page)

    def prices():
        return [float(each) for each in page.locator(".product .price").all_inner_texts() if each]

    until(lambda: len(prices()) > 2 and prices() == sorted(prices()), "the cheapest first")


def test_the_keyboard_alone(opened):
    page = settled(opened())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#q")
    page.keyboard.type("running shoe")
    page.keyboard.press("Enter")
    until(lambda: "shoe" in "".join(names(page)[:1]).lower(), "found")
    page.focus("button.open >> nth=0")
    page.keyboard.press("ArrowRight")
    focused = "document.activeElement.closest('.product')?.dataset.id"
    second = page.locator(".product").nth(1).get_attribute("data-id")
    assert page.evaluate(focused) == second
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate(focused) == second  # the focus comes back


def test_the_page_speaks_french(opened):
    page = settled(opened("#/search?q=robe rouge", locale="fr"))
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.get_by_role("link", name="Ajouter").or_(page.locator("[data-view=upload]")).count()
    assert names(page)[0] == "Red summer dress"
    page.locator(".switches button").first.click()
    until(lambda: page.evaluate("document.documentElement.lang") == "en", "the switch turns it")


@pytest.mark.parametrize("width", [320, 375, 1280])
@pytest.mark.parametrize("view", ["search?q=red dress", "upload", "jobs", "status"])
def test_nothing_is_wider_than_the_screen(opened, view, width):
    page = opened(f"#/{view}", width=width, locale="fr")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
