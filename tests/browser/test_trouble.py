"""Hostile product names, and an API that is slow, fails or degrades: each is reported."""

from tests.browser.conftest import product_names, run_search, wait_for_results, wait_until

EVIL = '<img src=x onerror="document.title=`hurt`">'


def test_a_product_name_stays_text(open_page, shop):
    product = {
        "product_id": "evil",
        "name": EVIL,
        "description": "<script>document.title='hurt'</script>",
    }
    shop.client.post("/api/v1/index-product", json={**product, "metadata": {"brand": EVIL}})
    page = open_page("#/search?item=evil&q=img onerror document")
    wait_for_results(page)
    page.wait_for_selector("dialog[open]")
    assert EVIL in page.locator("dialog").inner_text()
    assert page.locator("dialog script, dialog img[src=x]").count() == 0
    assert page.title() != "hurt"
    page.close()  # it may still load what is deleted now
    shop.client.delete("/api/v1/products/evil")


def test_a_slow_api_is_reported_and_a_failing_one_can_be_retried(open_page):
    page = wait_for_results(open_page(expected="503"))
    routes = []
    page.route("**/api/v1/search", lambda route: routes.append(route))
    page.fill("#q", "lamp")
    page.press("#q", "Enter")
    page.get_by_text("Still loading").first.wait_for()
    routes.pop().continue_()
    page.get_by_text("Still loading").first.wait_for(state="hidden")
    wait_for_results(page)
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
    wait_until(lambda: len(product_names(page)) > 0, "trying again helps")


def test_too_many_filters_for_an_address_are_reported_before_the_host_refuses_them(open_page):
    """Azure's host answers a request line over 8,192 bytes with 414 and an empty body."""
    colours = "&".join(f"f.colour=shade{number:04}" for number in range(400))
    page = open_page(f"#/search?{colours}")
    page.wait_for_selector(".state[role=alert]")
    assert "Too many filters" in page.locator(".state").inner_text()
    page.get_by_role("button", name="Clear all filters").first.click()
    wait_until(lambda: len(product_names(page)) > 0, "without them the catalogue is shown")


def test_a_degraded_response_says_what_is_missing(open_page):
    """Adds to a real response the two fields that the app sends while its model loads."""
    page = wait_for_results(open_page())

    def degrade(route):
        body = route.fetch().json() | {"degraded": True, "degraded_reason": "The model loads."}
        route.fulfill(json=body)

    page.route("**/api/v1/search", degrade, times=1)
    run_search(page, "lamp")
    banner = page.locator(".banner")
    assert "The model loads." in banner.inner_text()
    banner.get_by_role("button", name="Try again").click()
    banner.wait_for(state="detached")
