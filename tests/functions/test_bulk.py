"""Bulk jobs through the functions, with the orchestrators of the real library."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.orchestration_app import function_app as stand_ins
from devhost.durable import find_custom_status_error
from functions import bulk
from functions.durable import TRIES, extract_reason
from functions.failures import retry_failures
from shared_code.bulk.jobs import BulkJob, BulkSource
from shared_code.domain.errors import Unavailable, Unprocessable
from shared_code.domain.naming import document_name
from shared_code.domain.products import PointRef
from tests.durable import MemoryDurable
from tests.functions.conftest import as_form, as_json, assert_problem, body_of, call
from tests.pictures import picture

# the library forgets the expected type of a call that may be retried
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads")


@pytest.fixture
def durable(app):
    return MemoryDurable(bulk.bp)


def start_job(durable, content) -> str:
    response = call(bulk.index_batch, durable, **as_json(content))
    body = body_of(response)
    assert response.status_code == 202, body
    assert response.headers["location"] == body["url"] == f"/api/v1/jobs/{body['id']}"
    return body["id"]


def get_job(durable, job_id: str) -> dict[str, Any]:
    return body_of(call(bulk.get_job, durable, route_params={"job_id": job_id}))


def run_job(durable, content) -> dict[str, Any]:
    job_id = start_job(durable, content)
    assert durable.run()
    job = get_job(durable, job_id)
    assert job["state"] == "completed", job
    return job


def get_counts(job: dict[str, Any]) -> dict[str, int]:
    names = ("total", "done", "indexed", "skipped", "removed", "failed", "images")
    return {name: job[name] for name in names if job[name]}


def put_pictures(app, number: int, colour: str = "red") -> None:
    for at in range(number):
        app.images.write(f"p{at:04}/front.png", picture(colour))


def test_everything_below_a_prefix_is_indexed_and_skipped_the_second_time(app, durable):
    put_pictures(app, 150)
    app.images.write("q/front.png", picture("blue"))
    job = run_job(durable, {"prefix": "p"})
    assert get_counts(job) == {"total": 150, "done": 150, "indexed": 150, "images": 150}
    assert app.index.counts().images == 150
    assert [name for name, _ in durable.activities].count("bulk_index") == 3
    assert job["source"] == {"kind": "container", "name": "p"}
    assert job["images_per_second"] > 0
    calls = len(app.encoder.calls)
    second_job = run_job(durable, {"prefix": "p"})
    assert get_counts(second_job) == {"total": 150, "done": 150, "skipped": 150}
    assert len(app.encoder.calls) == calls


def test_a_job_indexes_what_events_would_have_indexed(app, durable):
    words = {"name": "Red dress", "description": "For hot days", "metadata": {"price": 9}}
    app.images.write("a/1.png", picture("red"))
    app.images.write("a/2.png", picture("green"))
    app.images.write("a/product.json", json.dumps(words).encode())
    app.images.write("b.png", picture("blue"))
    app.images.write("b.png.json", json.dumps({"name": "Blue one"}).encode())
    app.images.write("c/1.png", picture("red"), metadata={"name": "Of%20metadata"})
    app.images.write("d/product.json", json.dumps({"name": "Words only"}).encode())
    app.images.write("e/1.png", picture("red"))
    names = [info.name for info in app.images.list().items]
    job = run_job(durable, {"container": "images"})
    assert get_counts(job) == {"total": 8, "done": 8, "indexed": 8, "images": 5}
    products = {p.text.product_id: p for p in app.index.products(limit=10).items}
    assert {k: p.text.name for k, p in products.items()} == {
        "a": "Red dress", "b": "Blue one", "c": "Of metadata", "d": "Words only", "e": "E",
    }  # fmt: skip
    assert len(products["a"].images) == 2
    assert products["a"].text.metadata == {"price": 9}
    assert {app.indexer.sync(name) for name in names} == {"current"}
    assert not app.reconcile.run(seconds=60, dry_run=True).examples


def test_all_failures_are_tried_again_by_a_job(app, durable):
    put_pictures(app, 3)
    for at in range(3):
        app.failures.record(f"p{at:04}/front.png", f"p{at:04}", "it was down")
    app.images.write("bad/1.png", b"no picture")
    app.indexer.sync("bad/1.png")
    response = call(retry_failures, durable, params={"all": "true"})
    assert response.status_code == 202, body_of(response)
    assert durable.run()
    job = get_job(durable, body_of(response)["id"])
    assert get_counts(job) == {"total": 4, "done": 4, "indexed": 3, "failed": 1}
    assert app.failures.count() == 1
    response = call(retry_failures, durable, params={"all": "true", "cursor": "x"})
    assert_problem(response, 422, says="leave it out")


def test_thumbnails_are_made_on_the_first_request_and_not_by_the_job(app, durable):
    app.images.write("a/1.png", picture("red", size=(900, 600)))
    run_job(durable, {"prefix": ""})
    assert app.thumbnails.store.list().items == ()
    head = app.images.head("a/1.png")
    assert app.pictures.read_thumbnail("a/1.png", 320).data
    assert app.thumbnails.read(head, 320)


def test_bad_pictures_are_failures_and_the_job_goes_on(app, durable):
    put_pictures(app, 3)
    app.images.write("bad/1.png", b"no picture")
    app.images.write("bad/2.png", picture()[:60])
    app.images.write("large/1.png", picture() + b"\0" * 2_000_001)
    app.images.write("words/product.json", b"[]")
    app.images.write(".json", b"{}")
    job = run_job(durable, {"prefix": ""})
    assert (job["done"], job["total"], job["indexed"], job["failed"]) == (8, 8, 3, 5)
    reasons = {problem["what"]: problem["reason"] for problem in job["problems"]}
    assert set(reasons) == {"bad/1.png", "bad/2.png", "large/1.png", "words/product.json", ".json"}
    assert "2 MB" in reasons["large/1.png"]
    assert app.failures.count() == 5
    assert app.index.product("bad") is None
    app.images.write("bad/1.png", picture())
    second_job = run_job(durable, {"failures": True})
    assert (second_job["total"], second_job["indexed"], second_job["failed"]) == (5, 1, 4)
    assert app.failures.count() == 4


def test_changed_words_reach_pictures_without_embedding_them_again(app, durable):
    app.images.write("a/1.png", picture("red"))
    run_job(durable, {"prefix": ""})
    app.images.write("a/product.json", json.dumps({"name": "New words"}).encode())
    app.encoder.calls.clear()
    job = run_job(durable, {"prefix": ""})
    assert (job["indexed"], job["images"]) == (2, 0)
    assert app.index.product("a").text.name == "New words"
    assert app.encoder.calls == ["New words"]


def test_many_products_fan_out_in_segments_and_the_history_stays_short(app, durable):
    put_pictures(app, 1_100)
    job = run_job(durable, {"prefix": ""})
    assert get_counts(job) == {"total": 1100, "done": 1100, "indexed": 1100, "images": 1100}
    parts = [i for i in durable.instances.values() if i.name == "bulk_segment"]
    assert [i.custom["counts"]["done"] for i in parts] == [1000, 100]
    assert max(i.longest for i in durable.instances.values()) < 150


def test_the_history_of_a_long_job_stays_below_a_thousand_events(app):
    """Over stand-in activities; every step of an orchestration reads all of its history again."""
    durable = MemoryDurable(stand_ins.bp)
    durable.takes = {"bulk_index": 1}
    job = BulkJob("job-long", BulkSource("container", "segs=42;chunks=1;ms=1"), chunk=64, width=8)
    asyncio.run(durable.start_new("bulk_job", job.id, job.to_json()))
    assert durable.run()
    assert get_job(durable, job.id)["done"] == 42 * stand_ins.ITEMS
    assert 400 < max(i.longest for i in durable.instances.values()) < 1_000


def test_a_job_of_many_segments_continues_as_new(app, durable):
    app.bulk = replace(app.bulk, listing=replace(app.bulk.listing, page_size=10))
    put_pictures(app, 235)
    job = BulkJob("job-many", BulkSource("container"), chunk=4, width=3, generation=5)
    asyncio.run(durable.start_new("bulk_job", job.id, job.to_json()))
    assert durable.run()
    result = get_job(durable, job.id)
    assert get_counts(result) == {"total": 235, "done": 235, "indexed": 235, "images": 235}
    assert durable.instances[job.id].generations == 5


def test_segments_run_side_by_side_to_the_end(app, durable):
    """Twelve segments, three at a time, whose chunks take a minute: four minutes, not twelve."""
    app.bulk = replace(app.bulk, listing=replace(app.bulk.listing, page_size=10))
    put_pictures(app, 120)
    job = BulkJob("job-wide", BulkSource("container"), chunk=4, width=3)
    durable.takes = {"bulk_index": 60}
    asyncio.run(durable.start_new("bulk_job", job.id, job.to_json()))
    assert durable.run()
    assert get_job(durable, job.id)["images"] == 120
    assert 240 <= durable.clock <= 1.3 * 240


def test_blobs_that_change_during_a_job_are_indexed_as_they_are(app, durable):
    put_pictures(app, 5)
    job_id = start_job(durable, {"prefix": ""})
    while not any(name == "bulk_index" for name, _ in durable.activities):
        durable.run(steps=1)
    app.images.delete("p0000/front.png")
    app.images.write("p0001/front.png", picture("blue"))
    app.images.write("p0002/product.json", json.dumps({"name": "Late words"}).encode())
    durable.run()
    assert get_job(durable, job_id)["state"] == "completed"
    assert app.index.product("p0000") is None
    assert app.index.product("p0002").text.name == "Late words"
    for info in app.images.list().items:
        assert app.indexer.sync(info.name) == "current"


class Flaky:
    """One method works ``works`` times, then fails ``times`` times, then works again."""

    def __init__(self, inner, name: str, times: int, *, works: int = 0) -> None:
        self._inner, self._name, self._times, self._works = inner, name, times, works

    def __getattr__(self, name: str):
        if name == self._name and self._works:
            self._works -= 1
            return getattr(self._inner, name)
        if name != self._name or not self._times:
            return getattr(self._inner, name)
        self._times -= 1
        raise Unavailable("down for a moment")


def test_an_outage_is_waited_for(app, durable):
    put_pictures(app, 3)
    app.adapters.index = Flaky(app.index, "write", 3)
    assert run_job(durable, {"prefix": ""})["indexed"] == 3


@pytest.mark.parametrize("works", [1, 2, 5])
def test_an_outage_in_the_middle_of_a_segment_is_waited_for(app, durable, works):
    """Some chunks are done by then; the segment goes on only when all of them are."""
    put_pictures(app, 320)
    app.adapters.index = Flaky(app.index, "write", 3, works=works)
    assert run_job(durable, {"prefix": ""})["indexed"] == 320


def test_an_outage_while_segments_are_listed_is_waited_for(app, durable):
    listing = replace(app.bulk.listing, page_size=10)
    put_pictures(app, 60)
    app.bulk = replace(app.bulk, listing=Flaky(listing, "list_segment", 4, works=2))
    assert run_job(durable, {"prefix": ""})["indexed"] == 60


def test_an_outage_that_does_not_end_fails_the_job_with_its_reason(app, durable):
    put_pictures(app, 3)
    app.adapters.index = Flaky(app.index, "write", 10**6)
    job_id = start_job(durable, {"prefix": ""})
    durable.run()
    job = get_job(durable, job_id)
    assert job["state"] == "failed"
    assert job["error"] == "Unavailable: down for a moment"  # no stack, no functions' names
    tries = [name for name, _ in durable.activities if name == "bulk_index"]
    assert len(tries) == TRIES


RECORDED = Path(__file__).parents[1] / "devhost" / "azure" / "durable.jsonl"


def test_the_error_of_a_job_that_failed_in_azures_host_is_readable():
    records = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    [failed] = [r["body"] for r in records if r["about"] == "a job whose activity fails"]
    assert len(failed["output"]) > 3_000
    assert extract_reason(failed["output"]) == "RuntimeError: Qdrant is down"


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("Orchestrator function 'fails' failed: boom", "boom"),
        ("Orchestrator function 'a' failed: Activity function 'b' failed: gone \n None", "gone"),
        ("Orchestrator function 'a' failed: two\nlines", "two\nlines"),
        ("", ""),
    ],
)
def test_the_reason_is_what_is_left_without_functions_and_details(output, reason):
    assert extract_reason(output) == reason


def test_an_activity_that_is_delivered_twice_counts_once_and_one_that_comes_late_does_nothing(
    app, durable
):
    put_pictures(app, 3)
    run_job(durable, {"prefix": ""})
    tasks = [task for name, task in durable.activities if name == "bulk_index"]
    assert app.bulk.index_chunk(tasks[0])["counts"] == {}


def test_cancelling_stops_what_is_queued_and_keeps_what_is_done(app, durable):
    put_pictures(app, 1_000)
    job_id = start_job(durable, {"prefix": ""})
    while [name for name, _ in durable.activities].count("bulk_index") < 3:
        durable.run(steps=1)
    job = body_of(call(bulk.cancel_job, durable, route_params={"job_id": job_id}))
    assert job["state"] == "cancelled"
    durable.run()
    job = get_job(durable, job_id)
    assert (job["state"], job["images"]) == ("cancelled", 192)
    assert job["ended"]
    assert app.index.counts().images == 192
    second_job = run_job(durable, {"prefix": ""})
    assert (second_job["indexed"], second_job["skipped"]) == (808, 192)
    ended = body_of(call(bulk.cancel_job, durable, route_params={"job_id": second_job["id"]}))
    assert ended["state"] == "completed"


def test_a_job_is_cancelled_at_once_though_durable_functions_take_their_time(app, durable):
    put_pictures(app, 1_000)
    job_id = start_job(durable, {"prefix": ""})
    durable.run(steps=8)
    route = {"route_params": {"job_id": job_id}}
    assert body_of(call(bulk.cancel_job, durable, **route))["state"] == "cancelled"
    assert durable.instances[job_id].status == "Running"
    assert get_job(durable, job_id)["state"] == "cancelled"
    [listed_job] = body_of(call(bulk.list_jobs, durable, method="GET"))["jobs"]
    assert listed_job["state"] == "cancelled"
    assert listed_job["ended"]


def test_a_job_that_ended_before_it_was_terminated_is_cancelled(app, durable):
    """Its activities have done nothing since."""
    put_pictures(app, 100)
    job_id = start_job(durable, {"prefix": ""})
    durable.run(steps=3)
    call(bulk.cancel_job, durable, route_params={"job_id": job_id})
    durable.forget_terminations()
    assert durable.run()
    assert durable.instances[job_id].status == "Completed"
    assert get_job(durable, job_id)["state"] == "cancelled"


def test_a_killed_instance_costs_its_work_a_minute():
    """Azure's default is five minutes, during which no other instance takes over its work."""
    options = json.loads((Path(__file__).parents[2] / "host.json").read_text())["extensions"]
    provider = options["durableTask"]["storageProvider"]
    assert provider["workItemQueueVisibilityTimeout"] == "00:01:00"
    assert provider["controlQueueVisibilityTimeout"] == "00:01:00"


def test_progress_is_shown_while_it_runs(app, durable):
    put_pictures(app, 1_000)
    job_id = start_job(durable, {"prefix": ""})
    assert get_job(durable, job_id)["state"] == "queued"
    assert get_job(durable, job_id)["total"] is None
    done_counts = set()
    while not durable.run(steps=3):
        job = get_job(durable, job_id)
        done_counts.add(job["done"])
        if 0 < job["done"] < 1_000:
            assert job["state"] == "running"
            assert job["eta_s"] is not None
            assert job["ended"] is None
    assert len(done_counts) > 4
    [listed_job] = body_of(call(bulk.list_jobs, durable, method="GET"))["jobs"]
    assert (listed_job["id"], listed_job["state"]) == (job_id, "completed")


def test_a_picture_that_kills_the_process_is_named(app, durable):
    put_pictures(app, 4)
    app.images.write("p0002/killer.png", picture("green"))

    class Death(BaseException):
        pass

    decode = app.encoder.decode

    def decode_or_die(data, region=None):
        if data == picture("green"):
            raise Death
        return decode(data, region)

    app.encoder.decode = decode_or_die
    bulk_jobs = app.bulk
    source = {"kind": "container", "name": "", "etag": ""}
    listed = bulk_jobs.list_segment(
        {"job": "job-x", "number": 0, "source": source, "place": None, "chunk": 64}
    )
    [[start, end]] = listed["chunks"]
    task = {"job": "job-x", "segment": 0, "start": start, "end": end}
    real_delete = app.adapters.state.delete
    for _ in range(5):
        app.adapters.state.delete = lambda name: None  # a process that is killed tidies nothing up
        try:
            tally = bulk_jobs.index_chunk(task)
            break
        except Death:
            continue
    app.adapters.state.delete = real_delete
    assert tally["problems"][0]["what"] == "p0002/killer.png"
    assert "ended" in app.failures.find("p0002/killer.png").reason
    assert app.index.counts().images == 4


ROWS = [f"s{n};Shirt {n};s{n}/1.png;{n},50 €\n" for n in range(100)]


@pytest.mark.parametrize("character", ["\U0001f600", "\x01", "\u2028", '"', "\ud800"])
def test_problems_of_any_text_fit_into_what_durable_functions_keep(character):
    """A custom status above 16 KB of UTF-16 fails the orchestration."""
    job = BulkJob(
        "job-x", BulkSource("feed"), chunk=64, width=8, running=list(range(10**6, 10**6 + 2000))
    )
    for _ in range(20):
        job.tally.fail("row 1: " + character * 300, character * 300)
    status = job.status()
    as_dotnet_writes_it = json.loads(json.dumps(status).replace("\\u2028", "123456"))
    assert not find_custom_status_error(as_dotnet_writes_it)
    assert status["problems"]
    assert status["problems"] == job.tally.problems[: len(status["problems"])]
    assert status["counts"]["failed"] == 20


FEED = "id;title;image;price\n" + "".join(ROWS)


def test_a_feed_that_is_posted(app, durable):
    for n in range(99):
        app.images.write(f"s{n}/1.png", picture("red"))
    app.images.write("elsewhere/7.png", picture("blue"))
    feed = FEED + "s7;Shirt 7;elsewhere/7.png;7,50 €\n;broken;;\ntoo;few\n"
    form = as_form(files=[("file", "feed.csv", ("\ufeff" + feed).encode())])
    response = call(bulk.index_batch, durable, **form)
    assert response.status_code == 202
    durable.run()
    job = get_job(durable, body_of(response)["id"])
    assert job["state"] == "completed"
    assert get_counts(job) == {
        "total": 102, "done": 102, "indexed": 100, "failed": 3, "images": 100,
    }  # fmt: skip
    assert job["merged"] == 1
    wrong = {problem["what"] for problem in job["problems"]}
    assert wrong == {"row 103", "row 104", "row 101 (s99): s99/1.png"}
    seven = app.index.product("s7")
    assert (seven.text.name, seven.text.metadata) == ("Shirt 7", {"price": 7.5, "currency": "EUR"})
    assert len(seven.images) == 2
    assert app.images.head(document_name("s99"))
    app.encoder.calls.clear()
    response = call(bulk.index_batch, durable, **form)
    durable.run()
    second_job = get_job(durable, body_of(response)["id"])
    assert (second_job["skipped"], second_job["indexed"], second_job["failed"]) == (100, 0, 3)
    assert app.encoder.calls == []


def test_pictures_by_url_are_fetched_once(app, durable):
    fetched = []

    def fetch(url):
        fetched.append(url)
        if "gone" in url:
            raise Unprocessable("the server answered 404")
        return picture("blue") if "blue" in url else b"<html>"

    app.adapters.fetch_image = fetch
    images = [
        "https://x.example/blue.png",
        "https://x.example/gone.png",
        "https://x.example/a.html",
    ]
    products = [{"id": "a", "images": images}, {"id": "b", "image_link": images[0]}]
    job = run_job(durable, {"products": products})
    assert (job["indexed"], job["images"], job["failed"]) == (2, 2, 2)
    reasons = {problem["what"]: problem["reason"] for problem in job["problems"]}
    assert "404" in reasons[f"row 1 (a): {images[1]}"]
    assert len(app.index.product("a").images) == 1
    second_job = run_job(durable, {"products": products})
    assert (second_job["skipped"], second_job["images"], second_job["failed"]) == (2, 0, 2)
    assert fetched.count(images[0]) == 2


def test_a_listing_that_is_delivered_twice_is_the_same(app):
    put_pictures(app, 5)
    source = {"kind": "container", "name": "", "etag": ""}
    task = {"job": "job-x", "number": 0, "source": source, "place": None, "chunk": 2}
    first = app.bulk.list_segment(task)
    put_pictures(app, 9)
    assert app.bulk.list_segment(task) == json.loads(json.dumps(first))


def test_products_in_json_and_a_feed_of_the_container(app, durable):
    a = {"product_id": "a", "name": "A", "metadata": {"price": 3}}
    products = [a, {"id": "b", "title": "B"}]
    assert get_counts(run_job(durable, {"products": products})) == {
        "total": 2,
        "done": 2,
        "indexed": 2,
    }
    app.feeds.write("spring.jsonl", b'{"id": "c", "title": "C"}\n')
    assert run_job(durable, {"feed": "spring.jsonl"})["indexed"] == 1
    assert sorted(p.text.product_id for p in app.index.products(limit=9).items) == ["a", "b", "c"]
    assert app.index.sources([PointRef("a")])[PointRef("a")]


def test_a_feed_that_changes_meanwhile_ends_the_job(app, durable):
    app.feeds.write("f.csv", FEED.encode())
    job_id = start_job(durable, {"feed": "f.csv"})
    app.feeds.write("f.csv", FEED.encode())
    durable.run()
    job = get_job(durable, job_id)
    assert job["state"] == "failed"
    assert "changed" in job["error"]
    assert len(durable.activities) == 1


@pytest.mark.parametrize(
    ("request_", "status", "says"),
    [
        (as_json({}), 422, "give one of"),
        (as_json({"prefix": "a", "feed": "b"}), 422, "give one of"),
        (as_json({"container": "other"}), 422, "images"),
        (as_json({"feed": "none.csv"}), 422, "no feed"),
        (as_json({"products": []}), 422, "length"),
        (as_json(b"{"), 400, "JSON"),
        (as_form(files=[("file", "f.csv", b"name,price\nx,1\n")]), 422, "product ids"),
        (as_form(files=[("file", "f.csv", b"a"), ("file", "g.csv", b"b")]), 422, "one file"),
        (as_form(), 422, "no file"),
    ],
)
def test_a_request_that_makes_no_job_is_refused_at_once(app, durable, request_, status, says):
    response = call(bulk.index_batch, durable, **request_)
    assert_problem(response, status, says=says)
    assert not durable.instances


def test_only_jobs_are_shown(app, durable):
    put_pictures(app, 1)
    job = run_job(durable, {"prefix": ""})
    part = "part-" + job["id"].removeprefix("job-") + "-000000"
    assert part in durable.instances
    for unknown in (part, "job-none", "x"):
        for function in (bulk.get_job, bulk.cancel_job):
            assert_problem(call(function, durable, route_params={"job_id": unknown}), 404)


def test_a_host_that_does_not_answer_is_unavailable(app, durable):
    async def raise_os_error(*_, **__):
        raise OSError("no connection")

    durable.start_new = durable.get_status = durable.list_instances = raise_os_error
    assert_problem(call(bulk.index_batch, durable, **as_json({"prefix": ""})), 503)
    assert_problem(call(bulk.list_jobs, durable, method="GET"), 503)
    assert_problem(call(bulk.get_job, durable, route_params={"job_id": "job-1"}), 503)
