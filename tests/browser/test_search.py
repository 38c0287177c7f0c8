"""The Search view: words, pictures, both, and exclusion; grid, filters, panel."""

import pytest

from devhost import ROOT
from tests.browser.conftest import product_names, run_search, wait_for_results, wait_until

DRESS = ROOT / "samples" / "images" / "red-dress" / "front.webp"


def test_words_find_products_and_the_address_holds_them(open_page):
    page = open_page()
    run_search(page, "red dress")
    assert product_names(page)[0] == "Red summer dress"
    run_search(page, "teddy bear")
    assert product_names(page)[0] == "Teddy bear"
    page.go_back()
    wait_until(
        lambda: product_names(page)[:1] == ["Red summer dress"], "back shows the search before"
    )
    assert page.input_value("#q") == "red dress"
    shared_address = page.url.partition("/api/dashboard")[2]
    other = wait_for_results(open_page(shared_address))
    assert product_names(other) == product_names(page)


def test_a_picture_finds_similar_products_and_words_change_the_results(open_page):
    page = open_page()
    page.set_input_files("input[type=file]:not([capture])", DRESS)
    page.wait_for_selector(".query-pictures li")
    wait_for_results(page)
    wait_until(
        lambda: product_names(page)[:1] == ["Red summer dress"],
        "the picture's own product is first",
    )
    page.fill("#q", "green")
    page.press("#q", "Enter")
    wait_until(lambda: product_names(page)[:1] == ["Green summer dress"], "this one, but green")
    assert page.is_visible(".composer .weight input[type=range]")
    before = product_names(page)
    page.locator(".composer .weight input[type=range]").fill("1")
    wait_until(lambda: product_names(page) != before, "the slider changes the order")


def test_a_pasted_picture_is_searched_for(open_page):
    page = wait_for_results(open_page())
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
    wait_until(
        lambda: product_names(page)[:1] == ["Red summer dress"], "the pasted picture is found"
    )


def test_exclude_moves_matches_down(open_page):
    page = open_page("#/search?q=dress")
    before = product_names(wait_for_results(page))
    page.fill("input[name=not]", "red")
    page.press("input[name=not]", "Enter")
    wait_until(lambda: product_names(page) not in ([], before), "the order is another")
    assert product_names(page).index("Blue summer dress") < len(product_names(page))
    assert product_names(page)[0] != "Red summer dress"


def test_the_picture_is_cropped_by_keyboard(open_page):
    page = open_page()
    page.set_input_files("input[type=file]:not([capture])", DRESS)
    page.wait_for_selector(".query-pictures li")
    wait_for_results(page)
    before = page.url
    page.locator(".query-pictures button").first.click()
    page.wait_for_selector("dialog .crop-box")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Shift+ArrowUp")
    page.locator("dialog button.primary").click()
    page.wait_for_url(lambda url: url != before)
    wait_for_results(page)


def test_more_like_this_and_the_panel(open_page):
    page = wait_for_results(open_page("#/search?q=red dress"))
    page.locator(".product").first.hover()
    page.locator(".product .more-like").first.click()
    page.wait_for_url(lambda url: "like=" in url)
    wait_for_results(page)
    assert "Red summer dress" not in product_names(page)  # it is the query
    page.locator("button.open").first.click()
    page.wait_for_selector("dialog .metadata")
    assert "Why this result" in page.locator("dialog .why").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")


def test_facets_filter_and_chips_remove_them(open_page):
    page = wait_for_results(open_page("#/search?q=dress"))
    tick = page.get_by_role("checkbox", name="red").first
    tick.check()
    page.wait_for_url(lambda url: "f.colour=red" in url)
    wait_for_results(page)
    wait_until(
        lambda: all("Blue" not in name for name in product_names(page)), "only red ones are shown"
    )
    page.locator(".chips button.chip").first.click()
    page.wait_for_url(lambda url: "f.colour" not in url)
    page.locator("fieldset .range input").last.fill("20")
    page.keyboard.press("Tab")
    page.wait_for_url(lambda url: "price" in url)
    wait_for_results(page)


def test_sorted_by_price(open_page):
    page = wait_for_results(open_page("#/search?q=shoe"))
    page.locator(".tools select").select_option("price")
    page.wait_for_url(lambda url: "sort=price" in url)
    wait_for_results(page)

    def prices():
        return [float(text) for text in page.locator(".product .price").all_inner_texts() if text]

    wait_until(lambda: len(prices()) > 2 and prices() == sorted(prices()), "the cheapest first")


def test_the_keyboard_alone(open_page):
    page = wait_for_results(open_page())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#q")
    page.keyboard.type("running shoe")
    page.keyboard.press("Enter")
    wait_until(lambda: "shoe" in "".join(product_names(page)[:1]).lower(), "found")
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


def test_the_page_speaks_french(open_page):
    page = wait_for_results(open_page("#/search?q=robe rouge", locale="fr"))
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.get_by_role("link", name="Ajouter").or_(page.locator("[data-view=upload]")).count()
    assert product_names(page)[0] == "Red summer dress"
    page.locator(".switches button").first.click()
    wait_until(
        lambda: page.evaluate("document.documentElement.lang") == "en", "the switch turns it"
    )


@pytest.mark.parametrize("width", [320, 375, 1280])
@pytest.mark.parametrize("view", ["search?q=red dress", "upload", "jobs", "status"])
def test_nothing_is_wider_than_the_screen(open_page, view, width):
    page = open_page(f"#/{view}", width=width, locale="fr")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
