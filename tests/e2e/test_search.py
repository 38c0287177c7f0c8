"""What a shopper does, over HTTP, on the sample catalogue, with a real Redis and real tables."""

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
    running = Host(folder, **settings)
    for product in samples.values():
        files = [("image_file", (p.name, p.read_bytes())) for p in product.images]
        fields = {"product_id": product.product_id, "name": product.name}
        fields |= {"description": product.description}
        fields["metadata"] = httpx.Request("POST", "http://x", json=product.metadata).content
        url = "/api/v1/index-product-with-image"
        running.client.post(url, data=fields, files=files).raise_for_status()
    yield running
    running.stop()


def found(response):
    assert response.status_code in (200, 201), response.text
    return [result["id"] for result in response.json()["results"]]


def test_text_photo_and_this_but_green(shop, samples):
    search = shop.client.post("/api/v1/search", json={"query": "red dress", "explain": True})
    assert found(search)[0] == "red-dress"
    assert set(search.json()["explain"]["weights"]) == {"image", "text", "lexical"}
    photo = samples["red-dress"].images[0].read_bytes()
    seen = shop.client.post("/api/v1/search-image", files={"file": ("q.webp", photo)})
    assert found(seen)[0] == "red-dress"
    data, files = {"query": "green", "limit": "2"}, {"file": ("q.webp", photo)}
    assert found(shop.client.post("/api/v1/search-hybrid", data=data, files=files))[0] == (
        "green-dress"
    )
    asked = {"product_id": "red-dress", "query": "green"}
    assert found(shop.client.post("/api/v1/search-hybrid", json=asked))[0] == "green-dress"
    similar = found(shop.client.get("/api/v1/products/red-dress/similar"))
    assert "red-dress" not in similar
    assert {"green-dress", "blue-dress"} <= set(similar[:4])


def test_words_filters_facets_and_no_answer(shop):
    words = {"query": "running shoes", "mode": "lexical", "limit": 3}
    assert all("running" in i for i in found(shop.client.post("/api/v1/search", json=words)))
    cheap = {"query": "shoe", "filter": {"or": [{"price": {"lt": 60}}, {"brand": "none"}]}}
    for result in shop.client.post("/api/v1/search", json=cheap).json()["results"]:
        assert result["metadata"]["price"] < 60
    nonsense = {"query": "asdfgh", "cutoff": "auto"}
    assert found(shop.client.post("/api/v1/search", json=nonsense)) == []
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
    assert "red-dress" not in found(hidden)
    assert hidden.json()["warnings"]
    other = Host(folder / "another instance", **settings)
    try:
        listed = other.client.get("/api/v1/saved-searches", headers=ADA).json()
        assert [each["id"] for each in listed["saved_searches"]] == [saved["id"]]
        preferences = other.client.get("/api/v1/preferences", headers=ADA).json()
        assert preferences["hidden"] == ["red-dress"]
    finally:
        other.stop()
    shop.client.delete("/api/v1/users/me", headers=ADA).raise_for_status()
    assert shop.client.get("/api/v1/saved-searches", headers=ADA).json()["count"] == 0


def test_what_one_instance_embeds_the_others_need_not(shop, folder, settings):
    query = {"query": "something nobody has asked for"}
    first = shop.client.post("/api/v1/search", json=query)
    assert "cache;desc=miss" in first.headers["server-timing"]
    assert (
        "cache;desc=hit" in shop.client.post("/api/v1/search", json=query).headers["server-timing"]
    )
    other = Host(folder / "a third instance", **settings)
    try:
        answer = other.client.post("/api/v1/search", json=query)
        assert "cache;desc=hit" in answer.headers["server-timing"]
        assert other.client.get("/api/v1/stats").json()["cache"]["hits"] == 1
    finally:
        other.stop()


def test_without_its_model_the_app_still_finds_words(tmp_path, samples):
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
        answer = second.client.post("/api/v1/search", json={"query": "dresses"})
        assert found(answer) == ["red-dress"]
        assert (answer.json()["degraded"], answer.json()["mode"]) == (True, "lexical")
        assert "text.onnx" in answer.json()["degraded_reason"]
        graph.write_bytes(sound)

        def whole_again():
            return (
                "degraded" not in second.client.post("/api/v1/search", json={"query": "a"}).json()
            )

        eventually(whole_again, "the model is tried again", seconds=30)
    finally:
        second.stop()


def test_more_callers_than_the_model_can_serve_are_told_to_come_again(tmp_path):
    crowded = {"ENCODE_CONCURRENCY": "1", "ENCODE_QUEUE": "1", "CACHE_MB": "0"}
    host = Host(tmp_path, PYTHON_THREADPOOL_THREAD_COUNT="16", **crowded)

    def ask(n):  # all different: who asks for the same shares one answer
        files = {"file": ("q.png", picture((n, 0, 0)))}
        return httpx.post(f"{host.url}/api/v1/search-image", files=files, timeout=60)

    try:
        ask(0).raise_for_status()  # loads the model
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, range(96)))
        assert {answer.status_code for answer in answers} == {200, 429}
        for answer in answers:
            assert answer.status_code == 200 or int(answer.headers["retry-after"]) >= 1
        assert ask(0).status_code == 200
    finally:
        host.stop()
