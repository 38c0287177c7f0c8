"""Bulk jobs on a whole app: devhost plays Durable Functions, the starter model embeds."""

import io
import json
import os
import subprocess
import sys

import pytest

from devhost import ROOT
from tests.host import Host, eventually
from tests.pictures import picture

IN_WORK = 2 * 64
"""Images: maxConcurrentActivityFunctions of host.json, BULK_CHUNK."""


class BulkHost(Host):
    """The job alone indexes: the blob trigger is switched off."""

    def __init__(self, folder, **env: str) -> None:
        super().__init__(folder, AzureWebJobs__blob_changed__Disabled="true", **env)

    def start(self, **request) -> dict:
        response = self.client.post("/api/v1/index-batch", **request)
        assert response.status_code == 202, response.text
        job = response.json()
        assert response.headers["location"] == job["url"]
        assert "code=" not in response.text
        return job

    def job(self, job: dict) -> dict:
        return self.client.get(job["url"]).raise_for_status().json()

    def done(self, *, seconds: float = 120, **request) -> dict:
        job = self.start(**request)
        eventually(lambda: self.job(job)["ended"], "the job has ended", seconds=seconds)
        found = self.job(job)
        assert found["state"] == "completed", found
        return found

    def settled(self) -> int:
        """How many images there are once the last segment has ended."""
        path = "/runtime/webhooks/durabletask/instances"
        asked = {"instanceIdPrefix": "part-", "runtimeStatus": "Pending,Running"}
        eventually(
            lambda: self.client.get(path, params=asked).json() == [],
            "what was in work has come to its end",
            seconds=60,
        )
        return self.stats()["images"]


@pytest.fixture
def bulk(tmp_path):
    hosts = [BulkHost(tmp_path)]
    yield hosts[0]
    hosts[0].stop()


def put(host: Host, count: int, *, prefix: str = "p") -> None:
    colours = ("red", "green", "blue")
    for at in range(count):
        folder = host.images / f"{prefix}{at:04}"
        folder.mkdir()
        (folder / "front.png").write_bytes(picture(colours[at % 3]))


def test_a_folder_is_indexed_and_the_second_job_skips_it(bulk):
    put(bulk, 150)
    found = bulk.done(json={"prefix": ""})
    assert (found["total"], found["indexed"], found["images"]) == (150, 150, 150)
    assert bulk.stats()["images"] == 150
    again = bulk.done(json={"prefix": ""})
    assert (again["skipped"], again["indexed"]) == (150, 0)
    jobs = bulk.client.get("/api/v1/jobs").json()
    assert [job["id"] for job in jobs["jobs"]] == [again["id"], found["id"]]


def test_of_more_jobs_than_a_page_holds_none_is_missing_and_the_newest_comes_first(bulk):
    started = [bulk.start(json={"prefix": f"none-{n}"})["id"] for n in range(130)]
    jobs = bulk.client.get("/api/v1/jobs").json()
    listed = [job["id"] for job in jobs["jobs"]]
    assert (jobs["count"], set(listed)) == (130, set(started))
    assert [job["started"] for job in jobs["jobs"]] == sorted(
        (job["started"] for job in jobs["jobs"]), reverse=True
    )
    assert listed[0][:19] == started[-1][:19]  # up to the second


def feed_of(rows: int) -> bytes:
    """As a spreadsheet of a country with decimal commas saves it."""
    stream = io.StringIO(newline="")
    stream.write("id;title;description;image;price;brand\r\n")
    for at in range(rows):
        image = f"p{at % 30:04}/front.png" if at < 30 else ""
        words = f'"Shirt; no. {at}";"soft\n""cotton"""'
        stream.write(f"P{at:05};{words};{image};{at % 90},50 €;Alba\r\n")
    return "\ufeff".encode() + stream.getvalue().encode()


def test_a_feed_of_ten_thousand_rows_with_its_faults(bulk):
    put(bulk, 30)
    feed = feed_of(10_000) + b"P00007;Shirt again;;p0008/front.png;3;Alba\r\n"
    feed += b";no id;;;1;x\r\nP1;too;few\r\nP00009;t;;none/x.png;dear;Alba\r\n"
    found = bulk.done(files={"file": ("feed.csv", feed)}, seconds=300)
    assert (found["total"], found["done"]) == (10_004, 10_004)
    assert found["failed"] == 3
    assert found["images"] == 31
    assert bulk.stats()["products"] == 10_000
    shirt = bulk.client.get("/api/v1/products/P00042").json()
    assert shirt["name"] == "Shirt; no. 42"
    assert shirt["description"] == 'soft\n"cotton"'
    assert shirt["metadata"] == {"price": 42.5, "currency": "EUR", "brand": "Alba"}
    assert bulk.search("shirt", filter={"price": {"lte": 1}, "brand": "Alba"}, limit=3)


def test_json_lines_with_a_missing_picture(bulk):
    put(bulk, 1)
    lines = [
        {"product_id": "a", "name": "Alpha", "images": ["p0000/front.png"], "metadata": {"n": 1}},
        {"product_id": "b", "name": "Beta", "image": "nowhere/x.png"},
        {"product_id": "c", "name": "Gamma", "image": "https://127.0.0.1/x.png"},
    ]
    feed = "\n".join(map(json.dumps, lines)).encode()
    found = bulk.done(files={"file": ("feed.jsonl", feed)})
    assert (found["indexed"], found["failed"]) == (3, 2)
    reasons = {problem["what"]: problem["reason"] for problem in found["problems"]}
    assert "no such blob" in reasons["row 2 (b): nowhere/x.png"]
    assert "ALLOW_IMAGE_URLS" in reasons["row 3 (c): https://127.0.0.1/x.png"]


def test_a_cancelled_job_stops_soon_and_keeps_what_it_has_done(bulk):
    put(bulk, 1_500)
    job = bulk.start(json={"prefix": ""})
    eventually(lambda: bulk.job(job)["images"], "some are indexed", seconds=60)
    assert bulk.client.delete(job["url"]).json()["state"] == "cancelled"
    most = bulk.stats()["images"] + IN_WORK
    kept = bulk.settled()
    assert 0 < kept <= most < 1_500
    found = bulk.job(job)
    assert (found["state"], found["images"]) == ("cancelled", kept)
    assert bulk.done(json={"prefix": ""})["skipped"] == kept


def test_a_job_goes_on_after_its_host_was_killed(tmp_path):
    host = BulkHost(tmp_path)
    put(host, 1_200)
    job = host.start(json={"prefix": ""})
    eventually(lambda: host.job(job)["images"], "some are indexed", seconds=60)
    host.kill()
    again = BulkHost(tmp_path)
    try:
        eventually(lambda: again.job(job)["ended"], "the job has ended", seconds=120)
        found = again.job(job)
        assert (found["state"], found["done"], found["total"]) == ("completed", 1_200, 1_200)
        assert again.stats()["images"] == 1_200
        assert not list((tmp_path / "storage" / "state").rglob("*.json"))
    finally:
        again.stop()


def test_the_command_line_uploads_a_folder_and_shows_how_it_ends(bulk, tmp_path):
    photos = tmp_path / "photos"
    (photos / "red-dress").mkdir(parents=True)
    (photos / "red-dress" / "front.png").write_bytes(picture("red"))
    (photos / "broken.png").write_bytes(b"no picture")
    (photos / "notes.txt").write_bytes(b"not uploaded")
    feed = tmp_path / "spring.csv"
    feed.write_bytes(feed_of(20))
    told = command(bulk, photos)
    assert "completed: 2 items: 1 indexed, 1 failed" in told.stdout
    assert "broken.png: " in told.stdout
    assert not (bulk.images / "notes.txt").exists()
    assert "completed: 20 items: 20 indexed" in command(bulk, feed).stdout.replace(
        ", 20 failed", ""
    )
    assert bulk.search("dress", limit=1) == ["red-dress"]


def command(host: Host, *arguments) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, "-m", "cli.index", "--url", host.url, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "LOCAL_DIR": str(host.folder), "AzureWebJobsStorage": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done
