"""A search made narrower and shown otherwise: filters with counts, chips, price, order, sizes."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import settled


def shown(page):
    return page.locator(".product[data-id]")


def tick(page, name):
    return page.locator(".filters label.tick").filter(has_text=re.compile(rf"^{name}\d"))


def ids(page):
    return shown(page).evaluate_all("all => all.map((each) => each.dataset.id)")


def test_the_count_beside_a_box_is_how_many_are_shown(opened):
    page = settled(opened())
    box = tick(page, "bags")
    count = int(box.locator(".number").inner_text())
    assert count > 3
    box.click()
    expect(shown(page)).to_have_count(count)
    expect(page.locator(".status-text")).to_contain_text(f"{count} products")


def test_two_boxes_of_a_field_widen_and_each_chip_takes_one_off(opened):
    page = settled(opened("#/search?q=dress&f.colour=red&f.colour=blue"))
    assert {"red-dress", "blue-dress"} <= set(ids(page))
    chips = page.locator(".chips button.chip")
    expect(chips).to_have_count(2)
    chips.filter(has_text="red").click()
    expect(chips).to_have_count(1)
    settled(page)
    assert "blue-dress" in ids(page)
    assert "red-dress" not in ids(page)


def test_a_price_range_keeps_to_both_of_its_ends(opened):
    page = settled(opened())
    page.get_by_label("Price from").fill("10")
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile(r"r\.price=10\.\."))
    settled(page)
    page.get_by_label("Price to").fill("20")
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile(r"r\.price=10\.\.20"))
    settled(page)
    prices = [float(text) for text in page.locator(".product .price").all_inner_texts()]
    assert prices
    assert all(10 <= price <= 20 for price in prices)


def test_the_size_of_the_pictures_is_kept(opened):
    page = settled(opened())
    before = shown(page).first.bounding_box()["width"]
    page.get_by_role("button", name="Small", exact=True).click()
    assert shown(page).first.bounding_box()["width"] < before
    page.reload()
    small = page.get_by_role("button", name="Small", exact=True)
    expect(small).to_have_attribute("aria-pressed", "true")


def test_show_more_goes_on_where_it_ended(opened):
    page = settled(opened())
    first = ids(page)
    page.get_by_role("button", name="Show more").click()
    expect(shown(page)).to_have_count(2 * len(first))
    assert ids(page)[: len(first)] == first
    assert len(set(ids(page))) == 2 * len(first)


def test_weak_matches_are_there_for_who_asks(opened):
    page = settled(opened("#/search?q=red dress"))
    few = shown(page).count()
    page.get_by_role("button", name="Show the closest matches").click()
    page.wait_for_url(re.compile("all=1"))
    settled(page)
    assert shown(page).count() > few
    assert page.get_by_role("button", name="Show the closest matches").count() == 0


def test_nothing_found_offers_the_way_out(opened):
    page = settled(opened("#/search?q=red dress&r.price=100000.."))
    state = page.locator(".state")
    expect(state).to_contain_text("No matching products")
    state.get_by_role("button", name="Clear all filters").click()
    expect(shown(page).first).to_have_attribute("data-id", "red-dress")
