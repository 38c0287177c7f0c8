"""A shopper's requests over HTTP: the sample catalogue, a real Redis and real tables."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.host import Host, eventually
from tests.pictures import picture

pytestmark = pytest.mark.real("azurite")
ADA = {"x-user-id": "ada"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def settings(azurite, redis_server):
    return {"AzureWebJobsStorage": azurite.connection_string, "REDIS_URL": redis_server.url}


@pytest.fixture(scope="module")
def shop(folder, settings, samples):
    host = Host(folder, **settings)
    for product in samples.values():
        files = [("image_file", (p.name, p.read_bytes())) for p in product.images]
        fields = {"product_id": product.product_id, "name": product.name}
        fields |= {"description": product.description}
        fields["metadata"] = httpx.Request("POST", "http://x", json=product.metadata).content
        url = "/api/v1/index-product-with-image"
        host.client.post(url, data=fields, files=files).raise_for_status()
    yield host
    host.stop()


def read_ids(response):
    assert response.status_code in (200, 201), response.text
    return [result["id"] for result in response.json()["results"]]


def test_text_photo_and_this_but_green(shop, samples):
    search = shop.client.post("/api/v1/search", json={"query": "red dress", "explain": True})
    assert read_ids(search)[0] == "red-dress"
    assert set(search.json()["explain"]["weights"]) == {"image", "text", "lexical"}
    photo = samples["red-dress"].images[0].read_bytes()
    by_photo = shop.client.post("/api/v1/search-image", files={"file": ("q.webp", photo)})
    assert read_ids(by_photo)[0] == "red-dress"
    data, files = {"query": "green", "limit": "2"}, {"file": ("q.webp", photo)}
    assert read_ids(shop.client.post("/api/v1/search-hybrid", data=data, files=files))[0] == (
        "green-dress"
    )
    body = {"product_id": "red-dress", "query": "green"}
    assert read_ids(shop.client.post("/api/v1/search-hybrid", json=body))[0] == "green-dress"
    similar = read_ids(shop.client.get("/api/v1/products/red-dress/similar"))
    assert "red-dress" not in similar
    assert {"green-dress", "blue-dress"} <= set(similar[:4])


def test_words_filters_facets_and_a_query_without_results(shop):
    words = {"query": "running shoes", "mode": "lexical", "limit": 3}
    running = read_ids(shop.client.post("/api/v1/search", json=words))
    assert len(running) == 3
    assert all("running" in product_id for product_id in running)
    cheap = {"query": "shoe", "filter": {"or": [{"price": {"lt": 60}}, {"brand": "none"}]}}
    results = shop.client.post("/api/v1/search", json=cheap).json()["results"]
    assert results
    assert all(result["metadata"]["price"] < 60 for result in results)
    nonsense = {"query": "asdfgh", "cutoff": "auto"}
    assert read_ids(shop.client.post("/api/v1/search", json=nonsense)) == []
    facets = shop.client.get("/api/v1/facets", params={"field": "category,price"}).json()
    assert facets["products"] == 120
    assert sum(v["count"] for v in facets["facets"][0]["values"]) > 100
    assert facets["facets"][1]["min"] < facets["facets"][1]["max"]
    falling = {"query": "shoe", "sort": "-price", "cutoff": "auto"}
    prices = [
        result["metadata"]["price"]
        for result in shop.client.post("/api/v1/search", json=falling).json()["results"]
    ]
    assert prices == sorted(prices, reverse=True)
    assert len(prices) > 2


def test_a_saved_search_and_likes_outlive_the_host(shop, folder, settings):
    body = {"name": "red", "search": {"query": "red dress", "limit": 3}}
    saved = shop.client.post("/api/v1/saved-searches", json=body, headers=ADA).json()
    shop.client.put("/api/v1/preferences/hidden/red-dress", headers=ADA).raise_for_status()
    run = f"/api/v1/saved-searches/{saved['id']}/run"
    hidden = shop.client.post(run, headers=ADA)
    assert "red-dress" not in read_ids(hidden)
    assert hidden.json()["warnings"]
    other = Host(folder / "another instance", **settings)
    try:
        listing = other.client.get("/api/v1/saved-searches", headers=ADA).json()
        assert [search["id"] for search in listing["saved_searches"]] == [saved["id"]]
        preferences = other.client.get("/api/v1/preferences", headers=ADA).json()
        assert preferences["hidden"] == ["red-dress"]
    finally:
        other.stop()
    shop.client.delete("/api/v1/users/me", headers=ADA).raise_for_status()
    assert shop.client.get("/api/v1/saved-searches", headers=ADA).json()["count"] == 0


def test_instances_share_their_embeddings(shop, folder, settings):
    query = {"query": "something nobody has asked for"}
    first = shop.client.post("/api/v1/search", json=query)
    assert "cache;desc=miss" in first.headers["server-timing"]
    assert (
        "cache;desc=hit" in shop.client.post("/api/v1/search", json=query).headers["server-timing"]
    )
    other = Host(folder / "a third instance", **settings)
    try:
        response = other.client.post("/api/v1/search", json=query)
        assert "cache;desc=hit" in response.headers["server-timing"]
        assert other.client.get("/api/v1/stats").json()["cache"]["hits"] == 1
    finally:
        other.stop()


def test_without_its_model_the_app_still_searches_by_words(tmp_path, samples):
    """The text tower's file is damaged while the app runs with an index made before."""
    bundle = shutil.copytree("models/starter", tmp_path / "bundle")
    first = Host(tmp_path / "data", MODEL_DIR=str(bundle))
    body = {"product_id": "red-dress", "name": "Red summer dress"}
    first.client.post("/api/v1/index-product", json=body).raise_for_status()
    first.stop()
    graph = bundle / "text.onnx"
    sound = graph.read_bytes()
    graph.write_bytes(b"\0" * len(sound))
    second = Host(tmp_path / "data", MODEL_DIR=str(bundle))
    try:
        response = second.client.post("/api/v1/search", json={"query": "dresses"})
        assert read_ids(response) == ["red-dress"]
        assert (response.json()["degraded"], response.json()["mode"]) == (True, "lexical")
        assert "text.onnx" in response.json()["degraded_reason"]
        graph.write_bytes(sound)

        def is_whole_again():
            return (
                "degraded" not in second.client.post("/api/v1/search", json={"query": "a"}).json()
            )

        eventually(is_whole_again, "the model is tried again", seconds=30)
    finally:
        second.stop()


def test_more_callers_than_the_model_can_serve_get_a_retry_after(tmp_path):
    crowded = {"ENCODE_CONCURRENCY": "1", "ENCODE_QUEUE": "1", "CACHE_MB": "0"}
    host = Host(tmp_path, PYTHON_THREADPOOL_THREAD_COUNT="16", **crowded)

    def search_image(n):  # all different: the same picture would share one embedding
        files = {"file": ("q.png", picture((n, 0, 0)))}
        return httpx.post(f"{host.url}/api/v1/search-image", files=files, timeout=60)

    try:
        search_image(0).raise_for_status()  # loads the model
        with ThreadPoolExecutor(16) as pool:
            responses = list(pool.map(search_image, range(96)))
        assert {response.status_code for response in responses} == {200, 429}
        for response in responses:
            assert response.status_code == 200 or int(response.headers["retry-after"]) >= 1
        assert search_image(0).status_code == 200
    finally:
        host.stop()
