"""A reconcile that is cut short goes on, and one bad blob or an outage does not undo it."""

import json
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from functions.reconcile import reconcile
from shared_code.domain.errors import Unavailable
from shared_code.indexing.crash_guard import MAX_DEATHS
from tests.functions.conftest import assert_problem, call
from tests.functions.reconcile_steps import (
    assert_indexed,
    get_nonzero_counts,
    put_silently,
    run_reconcile,
    use_small_pages,
)
from tests.functions.test_duplicates import CountingProxy
from tests.pictures import picture
from tests.twins.index import MemoryIndex


class Clock:
    """Every look at it takes a second."""

    def __init__(self):
        self.time = 0.0

    def __call__(self):
        self.time += 1
        return self.time


def test_a_run_out_of_time_goes_on_with_the_next(app):
    put_silently(app, "z/gone.png")
    app.indexer.sync("z/gone.png")
    app.images.delete("z/gone.png")
    for n in range(10):
        put_silently(app, f"p{n}/a.png")
    use_small_pages(app, clock=Clock())
    reports = [run_reconcile(seconds=2)]
    while not reports[-1]["done"]:
        assert len(reports) < 60
        reports.append(run_reconcile(seconds=2))
    assert len(reports) > 8
    assert_indexed(app, {f"p{n}/a.png" for n in range(10)}, {f"p{n}" for n in range(10)})
    assert app.encoder.calls.count("image") == 11  # none twice
    assert reports[-1]["indexed"] == 10
    assert app.adapters.state.list().items == ()


def test_a_killed_run_goes_on_from_its_page(app):
    """The kill is an exception that nothing here catches."""
    for n in range(9):
        put_silently(app, f"p{n}/a.png")
    real_sync, synced = type(app.indexer).sync, []

    class Killed(BaseException):
        pass

    class Dying(type(app.indexer)):
        __slots__ = ()

        def sync(self, blob):
            if len(synced) == 5:
                synced.append("killed")
                raise Killed
            synced.append(blob)
            return real_sync(self, blob)

    dying = Dying(**{f.name: getattr(app.indexer, f.name) for f in fields(app.indexer)})
    use_small_pages(app, indexer=dying)
    with pytest.raises(Killed):
        run_reconcile()
    listed = Counter()
    app.adapters.images = CountingProxy(app.images, listed)
    del app.texts, app.words, app.indexer, app.reconcile
    use_small_pages(app)
    report = run_reconcile()
    assert report["done"]
    assert report["blobs"] == 9
    assert_indexed(app, {f"p{n}/a.png" for n in range(9)}, {f"p{n}" for n in range(9)})


def test_a_blob_that_kills_the_process_is_left_out_in_the_end(app):
    """Out of memory raises and records nothing, but storage remembers the blob in hand."""
    put_silently(app, "a/killer.png")
    put_silently(app, "b/fine.png")
    killer = app.images.head("a/killer.png")
    in_hand = {"blob": killer.name, "etag": killer.etag, "deaths": MAX_DEATHS - 1}
    app.adapters.state.write("reconcile-in-hand", json.dumps(in_hand).encode(), content_type="")
    report = run_reconcile()
    assert report["done"]
    assert_indexed(app, {"b/fine.png"}, {"b"})
    [failure] = app.failures.page(limit=9).items
    assert "process ended" in failure.reason
    assert get_nonzero_counts(run_reconcile()) == {"known_failures": 1}
    put_silently(app, "a/killer.png", picture("blue"))
    run_reconcile()
    assert_indexed(app, {"a/killer.png", "b/fine.png"}, {"a", "b"})


class PickyIndex(MemoryIndex):
    """Cannot write some products."""

    def __init__(self, *sick):
        super().__init__()
        self.sick = sick

    def write(self, images, texts):
        if any(record.product.product_id in self.sick for record in [*images, *texts]):
            raise Unavailable("too slow")
        super().write(images, texts)


def test_a_blob_that_fails_is_recorded_and_the_rest_goes_on(app):
    app.adapters.index = PickyIndex("b")
    for name in "abc":
        put_silently(app, f"{name}/x.png")
    report = run_reconcile()
    assert report["done"]
    assert get_nonzero_counts(report) == {"indexed": 2, "errors": 2}  # the failures have a last try
    [failure] = app.failures.page(limit=9).items
    assert (failure.blob, failure.product_id) == ("b/x.png", "b")
    assert "too slow" in failure.reason
    app.index.sick = ()
    run_reconcile()
    assert app.failures.count() == 0
    assert app.index.counts().images == 3


def test_an_outage_stops_the_run_and_keeps_its_place(app):
    app.adapters.index = PickyIndex(*(f"p{n}" for n in range(20, 40)))
    use_small_pages(app)
    for n in range(10, 40):
        put_silently(app, f"p{n}/x.png")
    assert_problem(call(reconcile), 503, says="in a row")
    assert 5 <= app.failures.count() < 10
    app.index.sick = ()
    report = run_reconcile()
    assert report["done"]
    assert report["blobs"] == 30
    assert app.index.counts().images == 30
    assert app.failures.count() == 0


def test_a_run_does_not_resume_from_another_collection_or_an_old_position(app):
    for n in range(7):
        put_silently(app, f"p{n}/x.png")
    for later, collection in ((timedelta(days=8), app.index.collection), (timedelta(), "other")):
        use_small_pages(app, clock=Clock())
        assert not run_reconcile(seconds=1)["done"]
        app.index.collection = collection
        moment = datetime.now(UTC) + later
        use_small_pages(app, clock=Clock(), now=lambda moment=moment: moment)
        report = run_reconcile(seconds=200)
        assert (report["done"], report["blobs"]) == (True, 7)


@pytest.mark.parametrize("data", [b"", b"{", b"[]\n", b"{}\n1234567", b'{"phase": "lunch"}\n'])
def test_a_run_starts_anew_when_its_position_cannot_be_read(app, data):
    put_silently(app, "p/x.png")
    app.adapters.state.write("reconcile", data, content_type="")
    app.adapters.state.write("reconcile-in-hand", data, content_type="")
    assert run_reconcile()["done"]
    assert app.index.counts().images == 1


def test_a_run_starts_anew_on_request(app):
    for n in range(7):
        put_silently(app, f"p{n}/x.png")
    use_small_pages(app, clock=Clock())
    run_reconcile(seconds=2)
    report = run_reconcile(seconds=200, restart=True)
    assert (report["done"], report["blobs"]) == (True, 7)
