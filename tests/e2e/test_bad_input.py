"""Bad input over HTTP, many times: afterwards the app answers as before and has not grown."""

from urllib.parse import quote

import httpx
import psutil
import pytest

from tests.host import Host, eventually
from tests.pictures import bomb, picture

GROWTH_LIMIT = 100 * 2**20
"""Bytes over 60 rounds. Each round uploads 21 MB, so a leak in five rounds of sixty would show. A
smaller one would not: the allocator keeps one or two such uploads more or less, run by run."""

HOSTS_OWN = {"unknown route", "wrong method"}
"""The host itself answers these before any function is called: 404, no body, as in Azure."""


def send_bad_requests(client):
    """Sends every kind of bad input once; yields (kind, response, expected status)."""

    def search(content, **headers):
        headers = {"content-type": "application/json", **headers}
        return client.post("/api/v1/search", content=content, headers=headers)

    def search_image(data, name="q.png"):
        return client.post("/api/v1/search-image", files={"file": (name, data)})

    def index_product(**fields):
        files = {"image_file": ("a.png", picture())}
        form = {"product_id": "x", "name": "X", **fields}
        return client.post("/api/v1/index-product-with-image", data=form, files=files)

    no_boundary = {"content-type": "multipart/form-data"}
    yield "broken JSON", search(b"{"), 400
    yield "empty body", search(b""), 400
    yield "wrong type", search(b'{"query": 7}'), 422
    yield "empty query", search(b'{"query": ""}'), 422
    yield "blank query", search(b'{"query": " \\n "}'), 422
    yield "limit", search(b'{"query": "a", "limit": 1000}'), 422
    yield "no boundary", client.post("/api/v1/search-image", content=b"x", headers=no_boundary), 400
    yield "no file", client.post("/api/v1/search-image", files={"other": b"x"}), 422
    two = [("file", picture()), ("file", picture())]
    yield "two files", client.post("/api/v1/search-image", files=two), 422
    yield "empty file", search_image(b""), 422
    yield "text named png", search_image(b"just text " * 100), 415
    yield "truncated PNG", search_image(picture(size=(400, 400))[:200]), 422
    yield "truncated JPEG", search_image(picture(size=(400, 400), kind="JPEG")[:500]), 422
    yield "bomb", search_image(bomb()), 422
    two_spellings = client.get("/api/v1/products?limit=5&LIMIT=7")  # one name to the host: LIMIT
    yield "a name of the query in two spellings", two_spellings, 422
    yield "over-size", search_image(b"\xff" * 21_000_000), 413
    yield "metadata list", index_product(metadata="[]"), 422
    yield "metadata too big", index_product(metadata='{"a": "' + "b" * 17_000 + '"}'), 422
    yield "id with slash", index_product(product_id="a/b"), 422
    yield "id too long", index_product(product_id="i" * 300), 422
    yield "unknown product", client.get("/api/v1/products/none"), 404
    yield "unknown picture", client.get("/api/v1/images/none/none.png"), 404
    yield "unknown route", client.get("/api/v1/nothing"), 404
    yield "wrong method", client.get("/api/v1/search"), 404


@pytest.fixture
def two_thread_host(tmp_path):
    """A host with two threads: the allocator keeps an arena for each, and two soon stop growing."""
    app = Host(tmp_path, PYTHON_THREADPOOL_THREAD_COUNT="2")
    yield app
    app.stop()


def test_bad_input_leaves_the_app_as_it_was(two_thread_host):
    host = two_thread_host
    (host.images / "mug.png").write_bytes(picture("red"))
    eventually(lambda: host.stats()["images"] == 1, "indexed")
    process = psutil.Process(host.process.pid)

    def run_round():
        for kind, response, expected in send_bad_requests(host.client):
            assert response.status_code == expected, f"{kind}: {response.text[:200]}"
            if kind not in HOSTS_OWN:
                assert response.headers["content-type"].startswith("application/problem+json"), kind
            assert "Traceback" not in response.text
            assert str(host.folder) not in response.text

    for _ in range(30):  # every thread of the pool has had its largest request by then
        run_round()
    before = process.memory_info().rss
    for _ in range(60):
        run_round()
    assert process.memory_info().rss - before < GROWTH_LIMIT
    assert host.search_image(picture("red")) == ["mug"]
    assert host.stats()["images"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "../../settings.py",
        "..%2f..%2fpyproject.toml",
        "%2e%2e/%2e%2e/host.json",
        "a%00b",
        "//etc/passwd",
    ],
)
def test_no_path_leads_out(host, path):
    url = httpx.URL(str(host.client.base_url)).join("/")
    # the raw target, since a client would normalise the dots away
    response = host.client.request("GET", url.copy_with(raw_path=f"/api/v1/images/{path}".encode()))
    assert response.status_code in (400, 404, 422)


@pytest.mark.parametrize(
    "product_id", ["red dress", "été", "製品", "50% off", "a#b?c&d=e+f", "q'\"q"]
)
def test_ids_round_trip_through_every_url(host, product_id):
    form = {"product_id": product_id, "name": "Something"}
    files = {"image_file": ("a.png", picture())}
    host.client.post("/api/v1/index-product-with-image", data=form, files=files).raise_for_status()
    url = f"/api/v1/products/{quote(product_id, safe='')}"
    product = host.client.get(url).raise_for_status().json()
    assert product["id"] == product_id
    assert host.client.get(product["image_url"]).raise_for_status().content == picture()
    assert host.client.delete(url).raise_for_status().json()["images"] == 1
    assert host.client.get(url).status_code == 404
