"""Searching by pictures: dropped, several at once, a part of one; what is no picture."""

import re

import pytest
from playwright.sync_api import expect

from devhost.child import ROOT
from tests.browser.conftest import names, settled, until

SAMPLES = ROOT / "samples" / "images"
DRESS = SAMPLES / "red-dress" / "front.webp"
PICKER = ".composer input[type=file]:not([capture])"
DROP = """(bytes) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "dropped.webp", { type: "image/webp" }));
  const at = { bubbles: true, cancelable: true, dataTransfer: data };
  document.body.dispatchEvent(new DragEvent("drop", at));
}"""


def given(page):
    return page.locator(".query-pictures li")


@pytest.fixture
def cropping(opened):
    page = settled(opened())
    page.set_input_files(PICKER, DRESS)
    given(page).wait_for()
    page.wait_for_url(re.compile("v="))
    page.get_by_role("button", name="Search with part of the picture").click()
    page.locator(".crop img").evaluate("img => img.decode()")
    return page


def test_a_picture_is_dropped_anywhere_on_the_page(opened):
    page = settled(opened())
    page.evaluate(DROP, list(DRESS.read_bytes()))
    given(page).wait_for()
    until(lambda: names(page)[:1] == ["Red summer dress"], "the dropped picture is found")


def test_several_pictures_count_together_and_each_can_be_taken_away(opened):
    page = settled(opened())
    page.set_input_files(PICKER, [DRESS, SAMPLES / "blue-jeans" / "front.webp"])
    expect(given(page)).to_have_count(2)
    both = {"Red summer dress", "Blue jeans"}
    until(lambda: both <= set(names(page)[:6]), "what looks like either is near the top")
    given(page).first.get_by_role("button", name="Remove").click()
    expect(given(page)).to_have_count(1)
    until(lambda: names(page)[:1] == ["Blue jeans"], "the other one remains")


def test_what_is_no_picture_is_refused_by_its_name(opened):
    page = settled(opened(expected="415"))
    page.set_input_files(
        PICKER, {"name": "list.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(page.locator(".notice.error")).to_contain_text("list.png")
    assert given(page).count() == 0


def test_a_link_with_a_picture_shows_a_colleague_the_same(opened):
    page = settled(opened())
    page.set_input_files(PICKER, DRESS)
    page.wait_for_url(re.compile("v="))
    settled(page)
    other = settled(opened(page.url.partition("/api/dashboard")[2]))
    assert names(other) == names(page) != []


def test_a_box_drawn_with_the_pointer_is_searched_for(cropping):
    before = cropping.url
    area = cropping.locator(".crop").bounding_box()
    x, y, width, height = (area[side] for side in ("x", "y", "width", "height"))
    cropping.mouse.move(x + width * 0.25, y + height * 0.1)
    cropping.mouse.down()
    cropping.mouse.move(x + width * 0.75, y + height * 0.5, steps=4)
    cropping.mouse.up()
    says = cropping.locator("#crop-status")
    expect(says).to_have_text(re.compile("50 . 40% .*, 25% from the left, 10% from the top"))
    cropping.get_by_role("button", name="Search with this part").click()
    cropping.wait_for_url(lambda url: url != before)
    expect(given(cropping)).to_have_count(1)


def test_the_arrows_move_and_size_the_box_and_enter_takes_it(cropping):
    before = cropping.url
    says = cropping.locator("#crop-status")
    expect(says).to_have_text(re.compile("60 . 60% .*, 20% from the left, 20% from the top"))
    for keys in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft"):
        cropping.keyboard.press(keys)
    expect(says).to_have_text(re.compile("58 . 60% .*, 22% from the left, 18% from the top"))
    cropping.keyboard.press("Enter")
    cropping.wait_for_url(lambda url: url != before)


def test_escape_leaves_the_picture_whole(cropping):
    before = cropping.url
    cropping.keyboard.press("Escape")
    expect(cropping.locator("dialog")).to_have_count(0)
    assert cropping.url == before
