"""Drop a file, search for it, delete it: the product's front door, with all its real parts."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

from tests.host import Host, eventually
from tests.pictures import picture


def drop(host, name, data):
    path = host.images / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_dropped_picture_is_searchable_until_it_is_deleted(host, samples):
    dress = samples["red-dress"]
    folder = host.images / "red-dress"
    folder.mkdir()
    shutil.copy(dress.images[0], folder / "front.webp")
    eventually(lambda: host.search("red dress") == ["red-dress"], "found by its words")
    assert host.search_image(dress.images[0].read_bytes()) == ["red-dress"]
    assert host.client.get("/api/v1/products/red-dress").json()["name"] == "Red Dress"
    (folder / "front.webp").unlink()
    eventually(lambda: host.stats()["vectors"] == 0, "nothing is left of it")


def test_a_sidecar_gives_the_words(host):
    drop(host, "x1.png", picture("blue"))
    eventually(lambda: host.stats()["products"] == 1, "indexed")
    sidecar = {"name": "Sapphire teapot", "metadata": {"category": "kitchen", "price": 30}}
    drop(host, "x1.png.json", json.dumps(sidecar).encode())
    cheap = {"price": {"lt": 40}}
    eventually(lambda: host.search("sapphire teapot", filter=cheap) == ["x1"], "its words count")


def test_an_overwritten_picture_matches_its_new_content(host):
    drop(host, "a.png", picture("red"))
    drop(host, "b.png", picture("green"))
    eventually(lambda: host.stats()["images"] == 2, "both indexed")
    drop(host, "a.png", picture("blue"))
    eventually(
        lambda: host.search_image(picture("blue"), score_threshold="0.99") == ["a"], "the new one"
    )
    assert host.stats()["images"] == 2


def test_bad_pictures_are_counted_and_do_not_stop_the_others(host):
    for i in range(5):
        drop(host, f"bad{i}.png", b"this is no picture")
        drop(host, f"good{i}.png", picture("green", size=(40 + i, 40)))
    eventually(lambda: host.stats()["products"] == 5, "the good ones are in")
    eventually(lambda: host.stats()["failures"] == 5, "the bad ones are counted")
    assert host.stats()["images"] == 5


def test_a_restart_keeps_everything_and_sees_what_changed_meanwhile(tmp_path):
    first = Host(tmp_path)
    drop(first, "keep.png", picture("red"))
    drop(first, "remove.png", picture("blue"))
    eventually(lambda: first.stats()["images"] == 2, "both indexed")
    first.stop()
    (first.images / "remove.png").unlink()
    drop(first, "new.png", picture("green"))
    second = Host(tmp_path)
    try:
        eventually(
            lambda: set(list_ids(second)) == {"keep", "new"}, "the restarted host is up to date"
        )
    finally:
        second.stop()


def test_a_kill_in_the_middle_loses_nothing(tmp_path):
    names = [f"p{i}" for i in range(60)]
    # after this time the messages that it had in hand are delivered again
    lease = {"DEVHOST_QUEUE_LEASE_S": "3"}
    host = Host(tmp_path, **lease)
    for i, name in enumerate(names):
        drop(host, f"{name}.png", picture("red", size=(60 + i, 60)))
    eventually(lambda: host.stats()["images"] > 5, "some are indexed")
    host.kill()
    host = Host(tmp_path, **lease)
    try:
        eventually(lambda: set(list_ids(host)) == set(names), "all are there", seconds=60)
        assert host.stats()["images"] == len(names)
    finally:
        host.stop()


def test_thirty_two_threads_search_and_index(host):
    def index_and_find(i):
        words = {"product_id": f"p{i}", "name": f"number {i}", "metadata": json.dumps({"price": i})}
        files = {"image_file": ("a.png", picture("red", size=(50 + i, 50)))}
        response = host.client.post("/api/v1/index-product-with-image", data=words, files=files)
        response.raise_for_status()
        return host.search("number", filter={"price": i}) == [f"p{i}"]

    with ThreadPoolExecutor(32) as threads:
        assert all(threads.map(index_and_find, range(96)))
    # the trigger also saw every stored original: it must not have lost or doubled any
    eventually(lambda: host.stats()["images"] == 96, "every picture once")
    assert host.stats()["products"] == 96


def list_ids(host):
    ids, cursor = [], None
    while True:
        params = {"limit": 50, **({"cursor": cursor} if cursor else {})}
        page = host.client.get("/api/v1/products", params=params).raise_for_status().json()
        ids += [product["id"] for product in page["products"]]
        cursor = page["cursor"]
        if cursor is None:
            return ids


def test_the_host_neither_types_a_304_nor_passes_a_chunked_body_on(host):
    page = host.client.get("/api/dashboard").raise_for_status()
    revalidated = host.client.get("/api/dashboard", headers={"if-none-match": page.headers["etag"]})
    assert (revalidated.status_code, revalidated.content) == (304, b"")
    assert "content-type" not in revalidated.headers
    chunked = host.client.post("/api/v1/search", content=iter([b'{"query":', b' "red"}']))
    assert chunked.status_code == 411
    assert "Content-Length" in chunked.json()["detail"]


def test_head_answers_like_get_without_a_body(host):
    drop(host, "a.png", picture("red"))
    eventually(lambda: host.stats()["images"] == 1, "indexed")
    for path in ("dashboard", "dashboard/app.js", "v1/images/a.png", "v1/images/a.png?size=160"):
        with_body = host.client.get(f"/api/{path}").raise_for_status()
        head = host.client.head(f"/api/{path}").raise_for_status()
        assert head.content == b""
        for name in ("content-type", "etag", "cache-control"):
            assert head.headers[name] == with_body.headers[name], (path, name)
    assert host.client.head("/api/v1/images/gone.png").status_code == 404
    assert host.client.head("/api/v1/health").status_code == 404  # the route does not declare it
