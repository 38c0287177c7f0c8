"""Hostile names, and an API that is slow, fails, or answers with less: said, and nothing hurt."""

from tests.browser.conftest import names, search, settled, until

EVIL = '<img src=x onerror="document.title=`hurt`">'


def test_what_a_product_is_called_stays_text(opened, shop):
    said = {
        "product_id": "evil",
        "name": EVIL,
        "description": "<script>document.title='hurt'</script>",
    }
    shop.client.post("/api/v1/index-product", json={**said, "metadata": {"brand": EVIL}})
    page = opened("#/search?item=evil&q=img onerror document")
    settled(page)
    page.wait_for_selector("dialog[open]")
    assert EVIL in page.locator("dialog").inner_text()
    assert page.locator("dialog script, dialog img[src=x]").count() == 0
    assert page.title() != "hurt"
    page.close()  # it may still load what is deleted now
    shop.client.delete("/api/v1/products/evil")


def test_a_slow_api_says_so_and_a_failing_one_how_to_go_on(opened):
    page = settled(opened(expected="503"))
    held = []
    page.route("**/api/v1/search", lambda route: held.append(route))
    page.fill("#q", "lamp")
    page.press("#q", "Enter")
    page.get_by_text("Still loading").first.wait_for()
    held.pop().continue_()
    page.get_by_text("Still loading").first.wait_for(state="hidden")
    settled(page)
    page.unroute("**/api/v1/search")
    down = '{"title": "Unavailable", "status": 503, "detail": "Qdrant does not answer."}'
    kind = "application/problem+json"
    page.route(
        "**/api/v1/search", lambda route: route.fulfill(status=503, content_type=kind, body=down)
    )
    page.fill("#q", "chair")
    page.press("#q", "Enter")
    page.wait_for_selector(".state[role=alert]")
    assert "Qdrant does not answer." in page.locator(".state").inner_text()
    page.unroute("**/api/v1/search")
    page.get_by_role("button", name="Try again").click()
    until(lambda: len(names(page)) > 0, "trying again helps")


def test_more_filters_than_an_address_holds_are_named_before_the_host_refuses_them(opened):
    """Azure's host answers a request line over 8,192 bytes with 414 and no word."""
    colours = "&".join(f"f.colour=shade{number:04}" for number in range(400))
    page = opened(f"#/search?{colours}")
    page.wait_for_selector(".state[role=alert]")
    assert "Too many filters" in page.locator(".state").inner_text()
    page.get_by_role("button", name="Clear all filters").first.click()
    until(lambda: len(names(page)) > 0, "without them the catalogue is shown")


def test_an_answer_with_less_than_usual_says_what_is_missing(opened):
    """The app's own answer, with the two fields it adds while its model loads."""
    page = settled(opened())

    def degrade(route):
        said = route.fetch().json() | {"degraded": True, "degraded_reason": "The model loads."}
        route.fulfill(json=said)

    page.route("**/api/v1/search", degrade, times=1)
    search(page, "lamp")
    banner = page.locator(".banner")
    assert "The model loads." in banner.inner_text()
    banner.get_by_role("button", name="Try again").click()
    banner.wait_for(state="detached")
