"""``make start``, on an app that answers as the product does."""

import contextlib
import sqlite3
import time

import pytest

from tests.devhost.running_host import RunningHost, copy_app, eventually

ANSWERS = """
    0.500  A mug
    0.500  A shoe
"""


@pytest.fixture
def app(tmp_path):
    return copy_app("catalogue", tmp_path)


def wait_until_ready(host: RunningHost) -> str:
    eventually(lambda: "Ready after" in host.output(), "the tour")
    return host.output()


def test_the_samples_are_dropped_indexed_and_searched(app):
    with RunningHost(app, module="devhost.start") as host:
        output = wait_until_ready(host)
        assert (host.images / "shoe" / "picture.webp").read_text() == "picture\n"
        assert output.count(ANSWERS) == 3
        assert f"curl -s {host.url}/api/v1/search -H 'content-type: application/json'" in output
        assert """-d '{"query": "red dress", "limit": 3}'""" in output
        assert "search-image?limit=3' -F file=@samples/picture.webp" in output
        assert f"API        {host.url}/api/v1" in output
        assert "POST" not in output.split("Listening")[1]
        host.client.get("/api/v1/stats")
        assert "GET    /api/v1/stats 200" in host.output()


def test_an_index_that_lost_the_samples_gets_them_again(app):
    with RunningHost(app, module="devhost.start") as host:
        wait_until_ready(host)
        before = (host.images / "mug" / "product.json").stat().st_mtime_ns
    with RunningHost(app, module="devhost.start") as host:
        assert wait_until_ready(host).count(ANSWERS) == 3
        assert (host.images / "mug" / "product.json").stat().st_mtime_ns > before


def test_samples_can_be_left_out(app):
    with RunningHost(app, module="devhost.start", SAMPLES="0") as host:
        assert wait_until_ready(host).count("no results") == 3
        assert not (host.images / "mug").exists()


def test_the_host_goes_on_when_the_app_cannot_answer(app):
    source = (app / "function_app.py").read_text()
    (app / "function_app.py").write_text(source.replace('"v1/stats"', '"v1/other"'))
    with RunningHost(app, module="devhost.start") as host:
        eventually(lambda: "GET /api/v1/stats answered 404" in host.output(), "the reason")
        assert host.client.get("/admin/host/status").status_code == 200


def test_what_a_killed_host_had_in_hand_comes_again_within_half_a_minute(app):
    source = (app / "function_app.py").read_text()
    hangs = "    __import__('time').sleep(60)\n    _, product_id"
    (app / "function_app.py").write_text(source.replace("    _, product_id", hangs, 1))
    with RunningHost(app, module="devhost.start") as host:
        eventually(lambda: "Listening" in host.output(), "it serves")
        status = host.client.get
        eventually(lambda: status("/admin/host/status").json()["pendingBlobEvents"] > 0, "a blob")
        time.sleep(1)  # and its function runs
        host.kill()
    state = app / ".local" / "devhost" / "state.sqlite"
    with contextlib.closing(sqlite3.connect(state)) as db:
        rows = db.execute("SELECT visible FROM messages WHERE dequeue_count = 1").fetchall()
    assert rows
    assert all(visible - time.time() <= 30 for (visible,) in rows)
