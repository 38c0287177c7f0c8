"""The page at GET docs in Chromium: it shows the document and calls the API, and no other host."""

import pytest

from devhost.host_process import ROOT
from tests.host import Host

SAMPLES = ROOT / "samples" / "images"
KEY = "open-sesame"


def open_docs(open_page, **options):
    page = open_page(path="/api/v1/docs", **options)
    page.locator(".opblock").first.wait_for()
    return page


def try_out(page, operation):
    """Opens the operation's form and returns its part of the page."""
    block = page.locator(f"[id$=-{operation}].opblock")
    block.locator(".opblock-summary-control").click()
    block.locator(".try-out__btn").click()
    return block


def execute(block):
    """Sends the request and returns what the page shows of the response."""
    block.locator("button.execute").click()
    response = block.locator(".live-responses-table .response")
    response.wait_for()
    return response


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_operation_of_the_document_is_shown(open_page, shop, scheme):
    page = open_docs(open_page, color_scheme=scheme)
    shown = page.locator(".opblock-summary-path").all_inner_texts()
    served = shop.client.get("/api/v1/openapi.json").json()["paths"]
    operations = [path for path, methods in served.items() for _ in methods]
    assert sorted(text.replace("\u200b", "") for text in shown) == sorted(operations)
    assert page.locator("html.dark-mode").count() == (scheme == "dark")


def test_it_asks_no_other_host(open_page, shop):
    """Nor one that its address names, as Swagger UI once did."""
    page = open_docs(open_page)
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    elsewhere = "https://elsewhere.example/openapi.json"
    page.goto(f"{shop.url}/api/v1/docs?url={elsewhere}&configUrl={elsewhere}")
    page.locator(".opblock").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert len(urls) >= 5
    assert [url for url in urls if not url.startswith((f"{shop.url}/", "data:"))] == []


OFFENCES = """async () => {
  const blocked = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    blocked.push(event.effectiveDirective);
  });
  const append = (name, properties) => {
    document.head.append(Object.assign(document.createElement(name), properties));
  };
  append("script", { src: document.querySelector("script[type=module]").src + "?again" });
  append("script", { textContent: "window.injected = true" });
  append("style", { textContent: "body { display: none }" });
  // in a task of its own: what Playwright itself evaluates may use eval
  setTimeout(() => { window.injected = eval("true"); });
  await new Promise((resolve) => setTimeout(resolve, 500));
  return [blocked.sort(), window.injected ?? false];
}"""


def test_the_policy_stops_other_scripts_and_styles(open_page):
    page = open_docs(open_page, expected="Content Security Policy")
    blocked = ["script-src", "script-src-elem", "script-src-elem", "style-src-elem"]
    assert page.evaluate(OFFENCES) == [blocked, False]


def test_an_example_is_sent_as_it_stands(open_page):
    page = open_docs(open_page)
    response = execute(try_out(page, "search_by_text"))
    assert response.locator(".response-col_status").inner_text().strip() == "200"
    assert '"red-dress"' in response.locator(".response-col_description").inner_text()


def test_a_form_with_a_picture_is_sent(open_page):
    """Each field once, and JSON as text: the API refuses anything else."""
    page = open_docs(open_page)
    block = try_out(page, "search_by_picture")
    block.locator("input[type=file]").set_input_files(SAMPLES / "teddy-bear" / "front.webp")
    response = execute(block)
    assert response.locator(".response-col_status").inner_text().strip() == "200"
    assert '"teddy-bear"' in response.locator(".response-col_description").inner_text()


def test_a_picture_is_shown(open_page):
    """Its path has a slash, and its bytes come from a blob: URL."""
    page = open_docs(open_page)
    response = execute(try_out(page, "get_image"))
    picture = response.locator("img")
    picture.evaluate("img => img.decode()")
    assert picture.evaluate("img => img.naturalWidth") > 0


@pytest.fixture(scope="module")
def locked_host(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("locked"), DEVHOST_KEY=KEY)
    yield host
    host.stop()


def test_calls_carry_the_key_that_is_entered(open_page, locked_host):
    page = open_docs(open_page, host=locked_host, expected="401")
    block = try_out(page, "stats")
    status = execute(block).locator(".response-col_status")
    assert status.inner_text().startswith("401")
    page.locator(".btn.authorize").click()
    page.locator(".auth-container input").first.fill(KEY)
    page.locator(".auth-btn-wrapper .authorize").first.click()
    page.locator(".btn-done").first.click()
    with page.expect_response("**/stats") as sent:
        block.locator("button.execute").click()
    assert sent.value.status == 200
    assert KEY not in page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
