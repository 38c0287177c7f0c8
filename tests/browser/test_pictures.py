"""Searching by pictures: dropped, several at once, cropped; and files that are no pictures."""

import re

import pytest
from playwright.sync_api import expect

from devhost import ROOT
from tests.browser.conftest import product_names, wait_for_results, wait_until

SAMPLES = ROOT / "samples" / "images"
DRESS = SAMPLES / "red-dress" / "front.webp"
PICKER = ".composer input[type=file]:not([capture])"
DROP = """(bytes) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "dropped.webp", { type: "image/webp" }));
  const at = { bubbles: true, cancelable: true, dataTransfer: data };
  document.body.dispatchEvent(new DragEvent("drop", at));
}"""


def query_pictures(page):
    return page.locator(".query-pictures li")


@pytest.fixture
def crop_dialog_page(open_page):
    page = wait_for_results(open_page())
    page.set_input_files(PICKER, DRESS)
    query_pictures(page).wait_for()
    page.wait_for_url(re.compile("v="))
    page.get_by_role("button", name="Search with part of the picture").click()
    page.locator(".crop img").evaluate("img => img.decode()")
    return page


def test_a_picture_is_dropped_anywhere_on_the_page(open_page):
    page = wait_for_results(open_page())
    page.evaluate(DROP, list(DRESS.read_bytes()))
    query_pictures(page).wait_for()
    wait_until(
        lambda: product_names(page)[:1] == ["Red summer dress"], "the dropped picture is found"
    )


def test_several_pictures_count_together_and_each_can_be_removed(open_page):
    page = wait_for_results(open_page())
    page.set_input_files(PICKER, [DRESS, SAMPLES / "blue-jeans" / "front.webp"])
    expect(query_pictures(page)).to_have_count(2)
    both = {"Red summer dress", "Blue jeans"}
    wait_until(
        lambda: both <= set(product_names(page)[:6]), "what looks like either is near the top"
    )
    query_pictures(page).first.get_by_role("button", name="Remove").click()
    expect(query_pictures(page)).to_have_count(1)
    wait_until(lambda: product_names(page)[:1] == ["Blue jeans"], "the other one remains")


def test_a_file_that_is_no_picture_is_refused_by_name(open_page):
    page = wait_for_results(open_page(expected="415"))
    page.set_input_files(
        PICKER, {"name": "list.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(page.locator(".notice.error")).to_contain_text("list.png")
    assert query_pictures(page).count() == 0


def test_a_link_with_a_picture_shows_a_colleague_the_same(open_page):
    page = wait_for_results(open_page())
    page.set_input_files(PICKER, DRESS)
    page.wait_for_url(re.compile("v="))
    wait_for_results(page)
    other = wait_for_results(open_page(page.url.partition("/api/dashboard")[2]))
    assert product_names(other) == product_names(page) != []


def test_a_box_drawn_with_the_pointer_is_searched_for(crop_dialog_page):
    page = crop_dialog_page
    before = page.url
    area = page.locator(".crop").bounding_box()
    x, y, width, height = (area[side] for side in ("x", "y", "width", "height"))
    page.mouse.move(x + width * 0.25, y + height * 0.1)
    page.mouse.down()
    page.mouse.move(x + width * 0.75, y + height * 0.5, steps=4)
    page.mouse.up()
    status = page.locator("#crop-status")
    expect(status).to_have_text(re.compile("50 . 40% .*, 25% from the left, 10% from the top"))
    page.get_by_role("button", name="Search with this part").click()
    page.wait_for_url(lambda url: url != before)
    expect(query_pictures(page)).to_have_count(1)


def test_the_arrows_move_and_resize_the_box_and_enter_applies_it(crop_dialog_page):
    page = crop_dialog_page
    before = page.url
    status = page.locator("#crop-status")
    expect(status).to_have_text(re.compile("60 . 60% .*, 20% from the left, 20% from the top"))
    for keys in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft"):
        page.keyboard.press(keys)
    expect(status).to_have_text(re.compile("58 . 60% .*, 22% from the left, 18% from the top"))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != before)


def test_escape_leaves_the_picture_whole(crop_dialog_page):
    page = crop_dialog_page
    before = page.url
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    assert page.url == before
