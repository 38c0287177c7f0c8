"""From one model to another while searches and uploads go on: none fails, none mixes the two."""

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
    """The starter with other pixels: its vectors are near the starter's and not the same."""
    other = tmp_path / "other-model"
    shutil.copytree(ROOT / "models" / "starter", other)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["name"] = "other"
    manifest["image"]["std"] = [each * 1.5 for each in manifest["image"]["std"]]
    (other / "manifest.json").write_text(json.dumps(manifest))
    return other


def put(host: Host, name: str, colour: str) -> None:
    folder = host.images / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "front.png").write_bytes(picture(colour))


def answer(host: Host) -> dict:
    response = host.client.post(
        "/api/v1/search-image?limit=6", files={"file": ("a.png", picture("red"), "image/png")}
    )
    assert response.status_code == 200, response.text
    return response.json()


def scores(found: dict) -> dict[str, float]:
    return {each["id"]: each["score"] for each in found["results"]}


def job(host: Host, url: str) -> dict:
    return host.client.get(url).raise_for_status().json()


def moved(host: Host, **asked) -> dict:
    response = host.client.post("/api/v1/reindex", json=asked)
    assert response.status_code == 202, response.text
    url = response.json()["url"]
    eventually(lambda: job(host, url)["ended"], "the move has ended", seconds=90)
    found = job(host, url)
    assert found["state"] == "completed", found
    assert (found["phase"], found["source"]["kind"]) == ("done", "reindex")
    return found


def collections(host: Host) -> dict[str, bool]:
    found = host.client.get("/api/v1/collections").raise_for_status().json()
    return {each["name"]: each["serving"] for each in found["collections"]}


class Shop:
    """Customers who search all the while, each answer kept."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.answers: list[dict] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._search)

    def _search(self) -> None:
        while not self._is_over.is_set():
            self.answers.append(answer(self.host))
            time.sleep(0.02)

    def __enter__(self) -> "Shop":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(30)


def test_a_move_and_back_while_the_shop_is_open(tmp_path, bundle):
    host = Host(tmp_path / "local", NEXT_MODEL_DIR=str(bundle))
    try:
        for colour in COLOURS:
            put(host, colour, colour)
        eventually(lambda: host.stats()["images"] == len(COLOURS), "the catalogue is indexed")
        before = answer(host)
        [old] = collections(host)
        with Shop(host) as shop:
            response = host.client.post("/api/v1/reindex", json={})
            url = response.json()["url"]
            eventually(lambda: job(host, url)["phase"] == "swapped", "searches changed", seconds=60)
            put(host, "late", "orange")  # goes to whichever serves, and must be in the new one
            shutil.rmtree(host.images / "black")
            eventually(lambda: job(host, url)["ended"], "the move has ended", seconds=90)
            assert job(host, url)["state"] == "completed"
        after = answer(host)
        assert {each["model"] for each in (before, after)} == {"starter", "other"}
        assert set(scores(after)) == {*COLOURS, "late"} - {"black"}
        assert len(shop.answers) > 50
        assert_none_mixed(shop.answers, scores(before), scores(after))

        [new] = [name for name, serves in collections(host).items() if serves]
        assert (old != new, set(collections(host))) == (True, {old, new})
        refused = host.client.delete(f"/api/v1/collections/{new}")
        assert (refused.status_code, "serves" in refused.text) == (422, True)

        found = moved(host, rollback=True)
        assert found["source"]["name"] == old
        eventually(lambda: answer(host)["model"] == "starter", "searches are back")
        assert set(scores(answer(host))) == {*COLOURS, "late"} - {"black"}  # caught up
        assert host.client.delete(f"/api/v1/collections/{new}").status_code == 200
        assert collections(host) == {old: True}
    finally:
        host.stop()


def assert_none_mixed(answers, before, after):
    """Each answer holds the scores of one model throughout, and its name."""
    known = {"starter": before, "other": after}
    assert {each["model"] for each in answers} == set(known)
    for each in answers:
        expected = known[each["model"]]
        for product_id, score in scores(each).items():
            if product_id in expected:
                assert score == pytest.approx(expected[product_id], abs=1e-4)
    common = set(before) & set(after) - {"red"}
    assert any(abs(before[each] - after[each]) > 1e-3 for each in common)  # could be told apart


def test_a_bundle_replaced_without_a_move_is_told_and_put_right(tmp_path, bundle):
    folder = tmp_path / "local"
    host = Host(folder)
    try:
        put(host, "red", "red")
        eventually(lambda: host.stats()["images"] == 1, "it is indexed")
    finally:
        host.stop()
    host = Host(folder, MODEL_DIR=str(bundle))
    try:
        refused = host.client.post("/api/v1/search", json={"query": "red"})
        assert refused.status_code == 503
        assert "POST reindex" in refused.json()["detail"]
        assert host.client.get("/api/v1/health?deep=true").status_code == 503
        moved(host)
        assert answer(host)["model"] == "other"
        assert host.client.post("/api/v1/search", json={"query": "red"}).status_code == 200
    finally:
        host.stop()


def test_without_another_model_there_is_nowhere_to_move(tmp_path):
    host = Host(tmp_path)
    try:
        host.client.get("/api/v1/stats")
        refused = host.client.post("/api/v1/reindex", json={})
        assert (refused.status_code, "NEXT_MODEL_DIR" in refused.text) == (422, True)
    finally:
        host.stop()
