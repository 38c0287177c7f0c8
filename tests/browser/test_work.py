"""The other views: Add, Jobs, Saved and Status."""

import re

import pytest
from playwright.sync_api import expect

from devhost import ROOT
from tests.browser.conftest import product_names, wait_for_results, wait_until
from tests.host import Host

SAMPLES = ROOT / "samples" / "images"
FEED_ROWS = 20_000  # take minutes unless the job is cancelled
SIGN_IN = 'localStorage.setItem("name", "ada")'


def test_pictures_become_products_with_the_details_typed(open_page, shop):
    page = open_page("#/upload", expected="415")
    broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.set_input_files("#upload-files", [str(SAMPLES / "teddy-bear" / "front.webp")])
    page.set_input_files("#upload-files", [broken])
    cards = page.locator(".drafts > li")
    expect(cards).to_have_count(2)
    cards.nth(0).get_by_label("Product ID").fill("grandmas-bear")
    cards.nth(0).get_by_label("Name", exact=True).fill("Grandma's bear")
    cards.nth(0).get_by_label("Price").fill("12.5")
    page.get_by_role("button", name="Add to the catalogue").click()
    cards.nth(0).get_by_text("Added. It is searchable now.").wait_for()
    wait_until(lambda: cards.nth(1).locator(".error").count() == 1, "what failed says why")
    product = shop.client.get("/api/v1/products/grandmas-bear").json()
    assert (product["name"], product["metadata"]["price"]) == ("Grandma's bear", 12.5)
    cards.nth(0).get_by_role("link", name="View it").click()
    page.wait_for_selector("dialog[open]")
    page.close()  # it may still load what is deleted now
    shop.client.delete("/api/v1/products/grandmas-bear")


def test_two_products_with_one_id_are_never_merged(open_page):
    page = open_page("#/upload")
    picture = (SAMPLES / "teddy-bear" / "front.webp").read_bytes()
    bear = {"name": "bear.webp", "mimeType": "image/webp", "buffer": picture}
    page.set_input_files("#upload-files", [bear])
    page.set_input_files("#upload-files", [bear])
    ids = page.get_by_label("Product ID")
    assert [ids.nth(place).input_value() for place in (0, 1)] == ["bear", "bear-2"]
    ids.nth(1).fill("bear")
    page.get_by_role("button", name="Add to the catalogue").click()
    page.get_by_text("Another product in this list has the ID bear").first.wait_for()
    assert page.get_by_text("Added. It is searchable now.").count() == 0
    page.get_by_role("button", name="Remove Bear").last.click()
    expect(page.locator(".drafts > li")).to_have_count(1)


def test_a_job_over_the_container_runs_to_its_end(open_page):
    page = open_page("#/jobs")
    page.wait_for_selector("[data-view=jobs]")
    page.get_by_label("Names that start with").fill("red-")
    page.get_by_role("button", name="Start").first.click()
    job = page.locator(".job").first
    job.get_by_text("Names that start with red-").wait_for()
    wait_until(lambda: job.get_attribute("data-state") == "completed", "the job ends", seconds=60)
    assert re.search(r"(\d+) of \1 done", job.inner_text())


def test_a_feed_with_a_broken_row_reports_which_and_why(open_page, shop):
    page = open_page("#/jobs")
    feed = b"product_id,name,image\nmug-1,First mug,\nmug-2,Second mug,nowhere/x.png\n"
    page.set_input_files("#job-feed", {"name": "m.csv", "mimeType": "text/csv", "buffer": feed})
    page.get_by_role("button", name="Start").last.click()
    job = page.locator(".job").filter(has_text="Feed m.csv")
    wait_until(lambda: job.get_attribute("data-state") == "completed", "the job ends", seconds=60)
    job.locator("summary").click()
    assert "nowhere/x.png" in job.locator(".problems").inner_text()
    for product in ("mug-1", "mug-2"):
        shop.client.delete(f"/api/v1/products/{product}")


@pytest.fixture
def workshop(tmp_path):
    """Runs an app of its own, for jobs that would disturb the sample catalogue."""
    host = Host(tmp_path)
    yield host
    host.stop()


def test_a_running_job_is_cancelled(open_page, workshop):
    page = open_page("#/jobs", host=workshop)
    rows = "".join(f"p-{number},Product {number},\n" for number in range(FEED_ROWS))
    feed = f"product_id,name,image\n{rows}".encode()
    page.set_input_files("#job-feed", {"name": "m.csv", "mimeType": "text/csv", "buffer": feed})
    page.get_by_role("button", name="Start").last.click()
    page.get_by_role("button", name="Cancel job").click()
    page.locator("dialog").get_by_role("button", name="Cancel job").click()
    page.locator(".job[data-state=cancelled]").wait_for()
    assert workshop.stats()["products"] < FEED_ROWS


def test_more_failures_than_are_shown_are_retried_by_a_job(open_page, workshop):
    workshop.images.mkdir(parents=True, exist_ok=True)
    for number in range(25):
        (workshop.images / f"bad-{number}.jpg").write_bytes(b"no picture")
    wait_until(lambda: workshop.stats()["failures"] == 25, "the failures are recorded", seconds=30)
    page = open_page("#/status", host=workshop)
    page.get_by_role("button", name="Retry all").click()
    page.locator(".notice").get_by_role("button", name="All jobs").click()
    job = page.locator(".job")
    wait_until(lambda: job.get_attribute("data-state") == "completed", "the job ends", seconds=30)
    assert "25 failed" in job.inner_text()


def test_a_failed_poll_does_not_stop_the_polling(open_page):
    page = open_page("#/jobs", expected="503")
    page.get_by_label("Names that start with").fill("green-")
    page.route("**/api/v1/jobs", lambda route: route.fulfill(status=503, json={}), times=1)
    page.get_by_role("button", name="Start").first.click()
    page.locator(".job[data-state=completed]").first.wait_for()


def test_a_search_is_saved_run_and_deleted(open_page):
    page = open_page("#/search?q=red dress&f.colour=red")
    wait_for_results(page)
    page.evaluate(SIGN_IN)
    page.get_by_role("link", name="Save", exact=True).click()
    page.fill("#save-name", "Red dresses")
    page.locator("form.card button.primary").click()
    row = page.locator(".saved > li")
    row.get_by_text("Red dresses").wait_for()
    row.get_by_role("link", name="Run").click()
    wait_for_results(page)
    assert product_names(page)[0] == "Red summer dress"
    page.go_back()
    row.get_by_role("button", name="Delete Red dresses").click()
    page.locator("dialog button.primary").click()
    page.get_by_text("No saved searches").wait_for()


def test_the_page_asks_for_a_name_once(open_page):
    page = open_page("#/saved", expected="400")
    page.locator("dialog input").fill("grace")
    page.locator("dialog button.primary").click()
    page.get_by_text("Signed in as grace").wait_for()
    page.reload()
    page.get_by_text("Signed in as grace").wait_for()


def test_preferences_are_saved_and_removed(open_page, shop):
    page = open_page("#/search?q=dress&item=red-dress")
    page.evaluate(SIGN_IN)
    page.reload()
    page.wait_for_selector("dialog[open]")
    page.locator("dialog").get_by_role(
        "button", name=re.compile("like", re.IGNORECASE)
    ).last.click()
    headers = {"x-user-id": "ada"}
    liked = lambda: shop.client.get("/api/v1/preferences", headers=headers).json()["liked"]  # noqa: E731
    wait_until(lambda: liked() == ["red-dress"], "the product is liked")
    page = open_page("#/saved", expected="400")
    page.evaluate(SIGN_IN)
    page.reload()
    page.get_by_label("Number of results").select_option("6")
    page.get_by_text("Preferences saved.").wait_for()
    page.get_by_role("button", name="Remove red-dress").click()
    wait_until(lambda: liked() == [], "it is liked no longer")
    assert shop.client.get("/api/v1/preferences", headers=headers).json()["limit"] == 6


def test_the_status_shows_the_contents_and_the_failures(open_page, shop):
    (shop.images / "no-picture.jpg").write_bytes(b"no picture")
    wait_until(lambda: shop.stats()["failures"] == 1, "the failure is recorded")
    page = open_page("#/status")
    page.get_by_text("Everything is working.").wait_for()
    contents = page.locator("[data-part='status.contents']")
    contents.get_by_text("starter").wait_for()
    failures = page.locator("[data-part='status.failures']")
    failures.get_by_text("no-picture.jpg").wait_for()
    (shop.images / "no-picture.jpg").unlink()
    failures.get_by_role("button", name="Retry").click()
    failures.get_by_text("No failures.").wait_for()
    assert "ms" in page.locator("[data-part='status.timings']").inner_text()
