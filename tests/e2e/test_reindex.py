"""A move from one model to another while searches go on: none fails, none mixes the two."""

import json
import shutil
import threading
import time

import pytest

from devhost import ROOT
from tests.host import Host, eventually
from tests.pictures import picture

COLOURS = ("red", "green", "blue", "yellow", "purple", "black")


@pytest.fixture
def bundle(tmp_path):
    """The starter with other pixel scaling: its vectors are near the starter's and not the same."""
    other = tmp_path / "other-model"
    shutil.copytree(ROOT / "models" / "starter", other)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["name"] = "other"
    manifest["image"]["std"] = [value * 1.5 for value in manifest["image"]["std"]]
    (other / "manifest.json").write_text(json.dumps(manifest))
    return other


def put_picture(host: Host, name: str, colour: str) -> None:
    folder = host.images / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "front.png").write_bytes(picture(colour))


def search_image(host: Host) -> dict:
    response = host.client.post(
        "/api/v1/search-image?limit=6", files={"file": ("a.png", picture("red"), "image/png")}
    )
    assert response.status_code == 200, response.text
    return response.json()


def get_scores(result: dict) -> dict[str, float]:
    return {hit["id"]: hit["score"] for hit in result["results"]}


def get_job(host: Host, url: str) -> dict:
    return host.client.get(url).raise_for_status().json()


def run_reindex(host: Host, **body) -> dict:
    response = host.client.post("/api/v1/reindex", json=body)
    assert response.status_code == 202, response.text
    url = response.json()["url"]
    eventually(lambda: get_job(host, url)["ended"], "the move has ended", seconds=90)
    job = get_job(host, url)
    assert job["state"] == "completed", job
    assert (job["phase"], job["source"]["kind"]) == ("done", "reindex")
    return job


def list_collections(host: Host) -> dict[str, bool]:
    body = host.client.get("/api/v1/collections").raise_for_status().json()
    return {collection["name"]: collection["serving"] for collection in body["collections"]}


class BusyShop:
    """Customers who search all the while; ``results`` holds every result."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.results: list[dict] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._search)

    def _search(self) -> None:
        while not self._is_over.is_set():
            self.results.append(search_image(self.host))
            time.sleep(0.02)

    def __enter__(self) -> "BusyShop":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(30)


def test_a_move_and_back_while_the_shop_is_open(tmp_path, bundle):
    host = Host(tmp_path / "local", NEXT_MODEL_DIR=str(bundle))
    try:
        for colour in COLOURS:
            put_picture(host, colour, colour)
        eventually(lambda: host.stats()["images"] == len(COLOURS), "the catalogue is indexed")
        before = search_image(host)
        [old] = list_collections(host)
        with BusyShop(host) as shop:
            response = host.client.post("/api/v1/reindex", json={})
            url = response.json()["url"]
            eventually(
                lambda: get_job(host, url)["phase"] == "swapped", "searches changed", seconds=60
            )
            # goes to the one that serves, and must be in the new one
            put_picture(host, "late", "orange")
            shutil.rmtree(host.images / "black")
            eventually(lambda: get_job(host, url)["ended"], "the move has ended", seconds=90)
            assert get_job(host, url)["state"] == "completed"
        after = search_image(host)
        assert {result["model"] for result in (before, after)} == {"starter", "other"}
        assert set(get_scores(after)) == {*COLOURS, "late"} - {"black"}
        assert len(shop.results) > 50
        assert_no_model_is_mixed(shop.results, get_scores(before), get_scores(after))

        [new] = [name for name, serves in list_collections(host).items() if serves]
        assert (old != new, set(list_collections(host))) == (True, {old, new})
        refused = host.client.delete(f"/api/v1/collections/{new}")
        assert (refused.status_code, "serves" in refused.text) == (422, True)

        job = run_reindex(host, rollback=True)
        assert job["source"]["name"] == old
        eventually(lambda: search_image(host)["model"] == "starter", "searches are back")
        assert set(get_scores(search_image(host))) == {*COLOURS, "late"} - {"black"}  # caught up
        assert host.client.delete(f"/api/v1/collections/{new}").status_code == 200
        assert list_collections(host) == {old: True}
    finally:
        host.stop()


def assert_no_model_is_mixed(results, before, after):
    """Each result holds the scores of one model throughout, and the name of that model."""
    known = {"starter": before, "other": after}
    assert {result["model"] for result in results} == set(known)
    for result in results:
        expected = known[result["model"]]
        for product_id, score in get_scores(result).items():
            if product_id in expected:
                assert score == pytest.approx(expected[product_id], abs=1e-4)
    common = set(before) & set(after) - {"red"}
    # the two models can be told apart
    assert any(abs(before[product_id] - after[product_id]) > 1e-3 for product_id in common)


def test_a_bundle_replaced_without_a_move_is_refused_until_a_reindex(tmp_path, bundle):
    folder = tmp_path / "local"
    host = Host(folder)
    try:
        put_picture(host, "red", "red")
        eventually(lambda: host.stats()["images"] == 1, "it is indexed")
    finally:
        host.stop()
    host = Host(folder, MODEL_DIR=str(bundle))
    try:
        refused = host.client.post("/api/v1/search", json={"query": "red"})
        assert refused.status_code == 503
        assert "POST reindex" in refused.json()["detail"]
        assert host.client.get("/api/v1/health?deep=true").status_code == 503
        run_reindex(host)
        assert search_image(host)["model"] == "other"
        assert host.client.post("/api/v1/search", json={"query": "red"}).status_code == 200
    finally:
        host.stop()


def test_without_another_model_a_reindex_is_refused(tmp_path):
    host = Host(tmp_path)
    try:
        host.client.get("/api/v1/stats")
        refused = host.client.post("/api/v1/reindex", json={})
        assert (refused.status_code, "NEXT_MODEL_DIR" in refused.text) == (422, True)
    finally:
        host.stop()
