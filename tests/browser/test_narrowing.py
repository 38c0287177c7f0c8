"""Narrowing a search and changing how it is shown: filters, chips, price range, sizes."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import wait_for_results


def result_cards(page):
    return page.locator(".product[data-id]")


def filter_box(page, name):
    return page.locator(".filters label.tick").filter(has_text=re.compile(rf"^{name}\d"))


def product_ids(page):
    return result_cards(page).evaluate_all("all => all.map((card) => card.dataset.id)")


def test_the_count_beside_a_box_is_how_many_are_shown(open_page):
    page = wait_for_results(open_page())
    box = filter_box(page, "bags")
    count = int(box.locator(".number").inner_text())
    assert count > 3
    box.click()
    expect(result_cards(page)).to_have_count(count)
    expect(page.locator(".status-text")).to_contain_text(f"{count} products")


def test_two_boxes_of_a_field_widen_the_search_and_each_chip_removes_one(open_page):
    page = wait_for_results(open_page("#/search?q=dress&f.colour=red&f.colour=blue"))
    assert {"red-dress", "blue-dress"} <= set(product_ids(page))
    chips = page.locator(".chips button.chip")
    expect(chips).to_have_count(2)
    chips.filter(has_text="red").click()
    expect(chips).to_have_count(1)
    wait_for_results(page)
    assert "blue-dress" in product_ids(page)
    assert "red-dress" not in product_ids(page)


def test_a_price_range_keeps_to_both_of_its_ends(open_page):
    page = wait_for_results(open_page())
    page.get_by_label("Price from").fill("10")
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile(r"r\.price=10\.\."))
    wait_for_results(page)
    page.get_by_label("Price to").fill("20")
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile(r"r\.price=10\.\.20"))
    wait_for_results(page)
    prices = [float(text) for text in page.locator(".product .price").all_inner_texts()]
    assert prices
    assert all(10 <= price <= 20 for price in prices)


def test_the_picture_size_survives_a_reload(open_page):
    page = wait_for_results(open_page())
    before = result_cards(page).first.bounding_box()["width"]
    page.get_by_role("button", name="Small", exact=True).click()
    assert result_cards(page).first.bounding_box()["width"] < before
    page.reload()
    small = page.get_by_role("button", name="Small", exact=True)
    expect(small).to_have_attribute("aria-pressed", "true")


def test_show_more_continues_the_list(open_page):
    page = wait_for_results(open_page())
    first = product_ids(page)
    page.get_by_role("button", name="Show more").click()
    expect(result_cards(page)).to_have_count(2 * len(first))
    assert product_ids(page)[: len(first)] == first
    assert len(set(product_ids(page))) == 2 * len(first)


def test_weak_matches_are_shown_on_request(open_page):
    page = wait_for_results(open_page("#/search?q=red dress"))
    few = result_cards(page).count()
    page.get_by_role("button", name="Show the closest matches").click()
    page.wait_for_url(re.compile("all=1"))
    wait_for_results(page)
    assert result_cards(page).count() > few
    assert page.get_by_role("button", name="Show the closest matches").count() == 0


def test_an_empty_result_offers_to_clear_the_filters(open_page):
    page = wait_for_results(open_page("#/search?q=red dress&r.price=100000.."))
    state = page.locator(".state")
    expect(state).to_contain_text("No matching products")
    state.get_by_role("button", name="Clear all filters").click()
    expect(result_cards(page).first).to_have_attribute("data-id", "red-dress")
