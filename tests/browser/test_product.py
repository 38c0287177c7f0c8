"""The panel of one product: its pictures, its metadata, why it matched; Like and Hide."""

import re

from playwright.sync_api import expect

from samples.catalogue import load
from tests.browser.conftest import product_names, wait_for_results

SAMPLES = {product.product_id: product for product in load()}
RED_DRESS = "#/search?q=red dress"


def panel(page):
    return page.locator("dialog.details")


def test_a_card_shows_a_thumbnail_a_price_and_a_score(open_page):
    page = wait_for_results(open_page(RED_DRESS))
    first = page.locator(".product").first
    expect(first.locator(".price")).to_have_text("59.90")
    expect(first.locator(".score")).to_have_text(re.compile(r"0\.\d\d$"))
    picture = first.locator("img")
    picture.evaluate("img => img.decode()")
    assert "size=320" in picture.evaluate("img => img.currentSrc")
    assert 0 < picture.evaluate("img => img.naturalWidth") <= 320


def test_the_panel_shows_all_metadata_and_why_the_product_matched(open_page):
    page = wait_for_results(open_page(RED_DRESS))
    page.locator("button.open").first.click()
    rows = panel(page).locator("dl.metadata div")
    expect(rows).to_have_count(1 + len(SAMPLES["red-dress"].metadata))
    expect(panel(page).locator(".why")).to_contain_text(re.compile(r"rank 1 · weight 0\.\d"))


def test_the_panel_is_in_the_address_and_back_closes_it(open_page):
    page = wait_for_results(open_page(RED_DRESS))
    page.locator("button.open").first.click()
    page.wait_for_url(re.compile("item=red-dress"))
    page.go_back()
    expect(page.locator("dialog")).to_have_count(0)
    assert page.input_value("#q") == "red dress"


def test_every_picture_of_a_product_can_be_enlarged(open_page):
    product = next(product for product in SAMPLES.values() if len(product.images) > 1)
    page = open_page(f"#/search?item={product.product_id}")
    thumbs = panel(page).locator(".thumb")
    expect(thumbs).to_have_count(len(product.images))
    large = panel(page).locator(".gallery > .plate img")
    before = large.get_attribute("src")
    thumbs.last.click()
    expect(thumbs.last).to_have_attribute("aria-pressed", "true")
    expect(large).not_to_have_attribute("src", before)


def test_a_missing_product_is_reported(open_page):
    page = open_page("#/search?item=never-was", expected="404")
    expect(page.locator(".notice.error")).to_contain_text("never-was")


def test_a_hidden_product_is_left_out_for_this_user_only(open_page, shop):
    page = wait_for_results(open_page(RED_DRESS, expected="400"))
    page.locator("button.open").first.click()
    panel(page).get_by_role("button", name="Hide").click()
    page.get_by_role("textbox", name="Name").fill("Zoë")  # a header cannot carry it unencoded
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".notice")).to_contain_text("Hidden")
    page.goto(page.url.partition("#")[0] + RED_DRESS)
    page.reload()
    assert "Red summer dress" not in product_names(wait_for_results(page))
    page_of_another = wait_for_results(open_page(RED_DRESS))
    assert "Red summer dress" in product_names(page_of_another)
