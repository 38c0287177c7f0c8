"""Bulk jobs on a whole app: devhost plays Durable Functions, and the starter model embeds."""

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
"""Images in work: maxConcurrentActivityFunctions of host.json times BULK_CHUNK."""


class BulkHost(Host):
    """A host whose blob trigger is switched off, so that only jobs index."""

    def __init__(self, folder, **env: str) -> None:
        super().__init__(folder, AzureWebJobs__blob_changed__Disabled="true", **env)

    def start_job(self, **request) -> dict:
        response = self.client.post("/api/v1/index-batch", **request)
        assert response.status_code == 202, response.text
        job = response.json()
        assert response.headers["location"] == job["url"]
        assert "code=" not in response.text
        return job

    def get_job(self, job: dict) -> dict:
        return self.client.get(job["url"]).raise_for_status().json()

    def run_job(self, *, seconds: float = 120, **request) -> dict:
        job = self.start_job(**request)
        eventually(lambda: self.get_job(job)["ended"], "the job has ended", seconds=seconds)
        ended_job = self.get_job(job)
        assert ended_job["state"] == "completed", ended_job
        return ended_job

    def count_settled_images(self) -> int:
        """Waits until the last segment has ended, and returns the number of images."""
        path = "/runtime/webhooks/durabletask/instances"
        params = {"instanceIdPrefix": "part-", "runtimeStatus": "Pending,Running"}
        eventually(
            lambda: self.client.get(path, params=params).json() == [],
            "the last segments have ended",
            seconds=60,
        )
        return self.stats()["images"]


@pytest.fixture
def bulk(tmp_path):
    hosts = [BulkHost(tmp_path)]
    yield hosts[0]
    hosts[0].stop()


def put_pictures(host: Host, count: int, *, prefix: str = "p") -> None:
    colours = ("red", "green", "blue")
    for at in range(count):
        folder = host.images / f"{prefix}{at:04}"
        folder.mkdir()
        (folder / "front.png").write_bytes(picture(colours[at % 3]))


def test_a_folder_is_indexed_and_the_second_job_skips_it(bulk):
    put_pictures(bulk, 150)
    first = bulk.run_job(json={"prefix": ""})
    assert (first["total"], first["indexed"], first["images"]) == (150, 150, 150)
    assert bulk.stats()["images"] == 150
    second = bulk.run_job(json={"prefix": ""})
    assert (second["skipped"], second["indexed"]) == (150, 0)
    jobs = bulk.client.get("/api/v1/jobs").json()
    assert [job["id"] for job in jobs["jobs"]] == [second["id"], first["id"]]


def test_many_pages_of_jobs_are_listed_whole_and_newest_first(bulk):
    started_ids = [bulk.start_job(json={"prefix": f"none-{n}"})["id"] for n in range(130)]
    jobs = bulk.client.get("/api/v1/jobs").json()
    listed_ids = [job["id"] for job in jobs["jobs"]]
    assert (jobs["count"], set(listed_ids)) == (130, set(started_ids))
    assert [job["started"] for job in jobs["jobs"]] == sorted(
        (job["started"] for job in jobs["jobs"]), reverse=True
    )
    assert listed_ids[0][:19] == started_ids[-1][:19]  # up to the second


def make_feed(rows: int) -> bytes:
    """Returns a feed as a spreadsheet saves it in a country with decimal commas."""
    stream = io.StringIO(newline="")
    stream.write("id;title;description;image;price;brand\r\n")
    for at in range(rows):
        image = f"p{at % 30:04}/front.png" if at < 30 else ""
        words = f'"Shirt; no. {at}";"soft\n""cotton"""'
        stream.write(f"P{at:05};{words};{image};{at % 90},50 €;Alba\r\n")
    return "\ufeff".encode() + stream.getvalue().encode()


def test_a_feed_of_ten_thousand_rows_with_its_faults(bulk):
    put_pictures(bulk, 30)
    feed = make_feed(10_000) + b"P00007;Shirt again;;p0008/front.png;3;Alba\r\n"
    feed += b";no id;;;1;x\r\nP1;too;few\r\nP00009;t;;none/x.png;dear;Alba\r\n"
    job = bulk.run_job(files={"file": ("feed.csv", feed)}, seconds=300)
    assert (job["total"], job["done"]) == (10_004, 10_004)
    assert job["failed"] == 3
    assert job["images"] == 31
    assert bulk.stats()["products"] == 10_000
    shirt = bulk.client.get("/api/v1/products/P00042").json()
    assert shirt["name"] == "Shirt; no. 42"
    assert shirt["description"] == 'soft\n"cotton"'
    assert shirt["metadata"] == {"price": 42.5, "currency": "EUR", "brand": "Alba"}
    assert bulk.search("shirt", filter={"price": {"lte": 1}, "brand": "Alba"}, limit=3)


def test_json_lines_with_a_missing_picture(bulk):
    put_pictures(bulk, 1)
    lines = [
        {"product_id": "a", "name": "Alpha", "images": ["p0000/front.png"], "metadata": {"n": 1}},
        {"product_id": "b", "name": "Beta", "image": "nowhere/x.png"},
        {"product_id": "c", "name": "Gamma", "image": "https://127.0.0.1/x.png"},
    ]
    feed = "\n".join(map(json.dumps, lines)).encode()
    job = bulk.run_job(files={"file": ("feed.jsonl", feed)})
    assert (job["indexed"], job["failed"]) == (3, 2)
    reasons = {problem["what"]: problem["reason"] for problem in job["problems"]}
    assert "no such blob" in reasons["row 2 (b): nowhere/x.png"]
    assert "ALLOW_IMAGE_URLS" in reasons["row 3 (c): https://127.0.0.1/x.png"]


def test_a_cancelled_job_stops_soon_and_keeps_what_it_has_done(bulk):
    put_pictures(bulk, 1_500)
    job = bulk.start_job(json={"prefix": ""})
    eventually(lambda: bulk.get_job(job)["images"], "some are indexed", seconds=60)
    assert bulk.client.delete(job["url"]).json()["state"] == "cancelled"
    image_limit = bulk.stats()["images"] + IN_WORK
    image_count = bulk.count_settled_images()
    assert 0 < image_count <= image_limit < 1_500
    cancelled = bulk.get_job(job)
    assert (cancelled["state"], cancelled["images"]) == ("cancelled", image_count)
    assert bulk.run_job(json={"prefix": ""})["skipped"] == image_count


def test_a_job_goes_on_after_its_host_was_killed(tmp_path):
    host = BulkHost(tmp_path)
    put_pictures(host, 1_200)
    job = host.start_job(json={"prefix": ""})
    eventually(lambda: host.get_job(job)["images"], "some are indexed", seconds=60)
    host.kill()
    restarted = BulkHost(tmp_path)
    try:
        eventually(lambda: restarted.get_job(job)["ended"], "the job has ended", seconds=120)
        ended_job = restarted.get_job(job)
        assert (ended_job["state"], ended_job["done"], ended_job["total"]) == (
            "completed",
            1_200,
            1_200,
        )
        assert restarted.stats()["images"] == 1_200
        assert not list((tmp_path / "storage" / "state").rglob("*.json"))
    finally:
        restarted.stop()


def test_the_command_line_uploads_a_folder_and_shows_how_it_ends(bulk, tmp_path):
    photos = tmp_path / "photos"
    (photos / "red-dress").mkdir(parents=True)
    (photos / "red-dress" / "front.png").write_bytes(picture("red"))
    (photos / "broken.png").write_bytes(b"no picture")
    (photos / "notes.txt").write_bytes(b"not uploaded")
    feed = tmp_path / "spring.csv"
    feed.write_bytes(make_feed(20))
    completed = run_command(bulk, photos)
    assert "completed: 2 items: 1 indexed, 1 failed" in completed.stdout
    assert "broken.png: " in completed.stdout
    assert not (bulk.images / "notes.txt").exists()
    assert "completed: 20 items: 20 indexed" in run_command(bulk, feed).stdout
    assert bulk.search("dress", limit=1) == ["red-dress"]


def run_command(host: Host, *arguments) -> subprocess.CompletedProcess:
    completed = subprocess.run(
        [sys.executable, "-m", "cli.index", "--url", host.url, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "LOCAL_DIR": str(host.folder), "AzureWebJobsStorage": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert completed.returncode == 0, completed.stderr
    return completed
