"""A reconcile mends whatever events missed, in both directions; a dry run only reports it."""

import random
from collections import Counter

import pytest

from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex
from shared_code.adapters.storage.folder.blobs import FolderBlobStore
from shared_code.domain.naming import BlobRole
from shared_code.domain.products import ImageRef, PointRef, ProductText
from shared_code.indexing.blob_events import Look, Notice
from shared_code.indexing.records import image_record, text_record
from shared_code.indexing.words import ObservedText
from tests.functions.reconcile_steps import (
    assert_indexed,
    get_nonzero_counts,
    put_document,
    put_silently,
    run_reconcile,
    use_small_pages,
)
from tests.functions.test_duplicates import CountingProxy
from tests.functions.test_races import BLOBS, assert_index_matches_storage, change_storage
from tests.index_records import spec
from tests.pictures import picture
from tests.twins.blobs import MemoryBlobStore
from tests.twins.index import MemoryIndex


@pytest.fixture(params=["memory", "real"])
def any_app(app, request, tmp_path):
    """Twins, and the two defaults of a laptop."""
    if request.param == "real":
        app.adapters.index = QdrantEdgeIndex(tmp_path / "q", spec(model=app.encoder.model))
        app.adapters.images = FolderBlobStore(tmp_path, "images")
    yield app
    app.index.close()


def test_nothing_to_do(any_app):
    report = run_reconcile()
    assert report["done"]
    assert get_nonzero_counts(report) == {}
    put_silently(any_app, "mug/a.png")
    any_app.indexer.sync("mug/a.png")
    report = run_reconcile()
    assert get_nonzero_counts(report) == {}
    assert (report["blobs"], report["points"]) == (1, 2)


def test_what_is_missing_is_indexed(any_app):
    put_silently(any_app, "mug/a.png")
    put_silently(any_app, "cup.png")
    put_document(any_app, "card/product.json", "Gift card")
    assert get_nonzero_counts(run_reconcile())["indexed"] >= 3
    assert_indexed(any_app, {"mug/a.png", "cup.png"}, {"mug", "cup", "card"})
    assert get_nonzero_counts(run_reconcile()) == {}


def test_what_changed_is_indexed_again(any_app):
    for blob in ("mug/a.png", "mug/b.png"):
        put_silently(any_app, blob)
        any_app.indexer.sync(blob)
    any_app.encoder.calls.clear()
    put_silently(any_app, "mug/b.png", picture("blue"))
    assert get_nonzero_counts(run_reconcile()) == {"indexed": 1}
    assert any_app.encoder.calls.count("image") == 1


def test_what_is_gone_is_removed(any_app):
    for blob in ("mug/a.png", "mug/b.png", "cup.png"):
        put_silently(any_app, blob)
        any_app.indexer.sync(blob)
    any_app.images.delete("mug/b.png")
    any_app.images.delete("cup.png")
    assert get_nonzero_counts(run_reconcile())["removed"] >= 2
    assert_indexed(any_app, {"mug/a.png"}, {"mug"})
    assert get_nonzero_counts(run_reconcile()) == {}


@pytest.mark.parametrize("document", ["mug/product.json", "mug/a.png.json", "mug/b.png.json"])
def test_words_that_appeared_changed_or_vanished_without_an_event(any_app, document):
    for blob in ("mug/a.png", "mug/b.png"):
        put_silently(any_app, blob)
        any_app.indexer.sync(blob)

    def read_name():
        return any_app.index.product("mug").text.name

    any_app.encoder.calls.clear()
    put_document(any_app, document, "First")
    run_reconcile()
    assert read_name() == "First"
    put_document(any_app, document, "Second")
    run_reconcile()
    assert read_name() == "Second"
    assert get_nonzero_counts(run_reconcile()) == {}
    any_app.images.delete(document)
    run_reconcile()
    assert read_name() == "Mug"
    assert "image" not in any_app.encoder.calls


def test_a_sidecar_on_the_page_after_its_picture(app):
    """A page that ends within a product shows the picture without its sidecar."""
    for blob in ("a/1.png", "a/2.png", "p/a.png", "p/b.png"):
        put_silently(app, blob)
        app.indexer.sync(blob)
    put_document(app, "p/a.png.json", "Said")
    use_small_pages(app)
    assert get_nonzero_counts(run_reconcile()) == {"indexed": 1}
    assert app.index.product("p").text.name == "Said"
    assert get_nonzero_counts(run_reconcile()) == {}


def test_old_words_on_one_picture_of_a_product(app):
    """A write that was cut short, as a kill of the cloud index leaves it."""
    put_document(app, "mug/product.json", "New")
    for blob in ("mug/a.png", "mug/b.png"):
        put_silently(app, blob)
        app.indexer.sync(blob)
    [ref] = [ref for ref in app.index._points if ref.image_key == "mug/b.png"]
    stored = app.index._points[ref]
    words = ObservedText(ProductText("mug", "Old"), 1)
    old = image_record(app.images.head("mug/b.png"), stored.vector, words)
    app.index._points[ref] = old
    assert get_nonzero_counts(run_reconcile()) == {"indexed": 1}
    assert app.index._points[ref].product.name == "New"


def test_a_bad_picture_is_recorded_once_and_not_decoded_again(app):
    put_silently(app, "mug/bad.png", b"no picture")
    assert get_nonzero_counts(run_reconcile()) == {"failed": 1}
    at = app.failures.find("mug/bad.png").at
    assert get_nonzero_counts(run_reconcile()) == {"known_failures": 1}
    assert app.failures.find("mug/bad.png").at == at
    put_silently(app, "mug/bad.png")
    assert get_nonzero_counts(run_reconcile())["indexed"] >= 1
    assert app.failures.count() == 0


def test_a_good_picture_that_became_bad_leaves_nothing(app):
    put_silently(app, "mug/a.png")
    app.indexer.sync("mug/a.png")
    put_silently(app, "mug/a.png", b"no picture now")
    run_reconcile()
    assert app.index.counts().vectors == 0
    assert app.failures.count() == 1


def test_what_the_host_gave_up_on_is_tried_again(app):
    put_silently(app, "mug/a.png")
    app.blob_events.give_up(Notice("7", "", (Look("mug/a.png"),)), delivered=5)
    run_reconcile()
    assert app.failures.count() == 0
    assert app.index.counts().images == 1


def test_failures_that_are_settled_are_cleared_and_others_stay(app):
    put_silently(app, "mug/a.png")
    app.indexer.sync("mug/a.png")
    app.failures.record("mug/a.png", "mug", "was down")
    app.failures.record("mug/gone.png", "mug", "was bad", etag='"1"')
    app.blob_events.handle(Notice("7", "what is this", None))
    assert get_nonzero_counts(run_reconcile(dry_run=True)) == {"failures_cleared": 2}
    assert app.failures.count() == 3
    assert get_nonzero_counts(run_reconcile()) == {"failures_cleared": 2}
    [left] = app.failures.page(limit=9).items
    assert "what is this" in left.reason


def test_names_of_no_product_are_failures_once(app):
    put_silently(app, ".json")
    put_silently(app, "mug/a.png")
    assert get_nonzero_counts(run_reconcile(dry_run=True)) == {"indexed": 1, "failed": 1}
    assert get_nonzero_counts(run_reconcile()) == {"indexed": 1, "failed": 1}
    assert get_nonzero_counts(run_reconcile()) == {}
    [failure] = app.failures.page(limit=9).items
    assert "names no product" in failure.reason


def test_a_point_under_an_id_that_no_blob_gives_is_removed(app):
    put_silently(app, "mug/a.png")
    app.indexer.sync("mug/a.png")
    [vector] = app.encoder.encode_images([app.encoder.decode(picture())])
    words = ObservedText(ProductText("elsewhere", "Elsewhere"), 1)
    stray = image_record(app.images.head("mug/a.png"), vector, words)
    app.index.write([stray], [text_record(None, words)])
    assert stray.image == ImageRef("mug/a.png", "mug/a.png")
    assert get_nonzero_counts(run_reconcile())["removed"] >= 2
    assert_indexed(app, {"mug/a.png"}, {"mug"})


def test_a_dry_run_changes_nothing_and_says_what_would_be_done(any_app):
    use_small_pages(any_app)
    put_silently(any_app, "a/stays.png")
    put_silently(any_app, "b/goes.png")
    for blob in ("a/stays.png", "b/goes.png"):
        any_app.indexer.sync(blob)
    any_app.images.delete("b/goes.png")
    put_silently(any_app, "c/new.png")
    put_document(any_app, "a/product.json", "Said")
    before = read_everything(any_app)
    any_app.encoder.calls.clear()
    report = run_reconcile(dry_run=True)
    assert report["done"]
    assert get_nonzero_counts(report) == {"indexed": 2, "removed": 2}
    assert {e["what"]: e["outcome"] for e in report["examples"]} == {
        "c/new.png": "indexed",
        "words of a": "indexed",
        "b/goes.png": "removed",
        "words of b": "removed",
    }
    assert read_everything(any_app) == before
    assert any_app.encoder.calls == []
    assert any_app.adapters.state.list().items == ()


def read_everything(app):
    refs = app.index.points(limit=100).items
    return app.index.sources(refs), app.failures.count(), app.images.list().items


@pytest.mark.parametrize("seed", range(5))
def test_random_changes_without_any_event(any_app, seed):
    """The index ends as events would have left it."""
    use_small_pages(any_app)
    chance = random.Random(seed)
    for turn in range(2):
        for _ in range(30):
            blob = change_storage(any_app, chance)
            if chance.random() < 0.3:
                any_app.indexer.sync(blob)
        assert run_reconcile()["done"]
        assert_index_matches_storage(any_app)
        second_report = run_reconcile()
        assert not get_nonzero_counts(second_report).keys() & {"indexed", "removed", "errors"}, (
            turn,
            second_report,
        )


def test_a_current_container_costs_a_few_calls_a_page(app):
    """This makes a million blobs possible: nothing is requested blob by blob."""
    calls = {"images": Counter(), "failures": Counter(), "index": Counter()}
    app.adapters.images = CountingProxy(MemoryBlobStore(), calls["images"])
    app.adapters.index = CountingProxy(MemoryIndex(), calls["index"])
    for n in range(400):
        put_silently(app, f"p{n:03}/a.png")
        put_silently(app, f"p{n:03}/b.png")
        put_document(app, f"p{n:03}/product.json", f"Name {n}")
    assert run_reconcile()["done"]
    for counter in calls.values():
        counter.clear()
    app.encoder.calls.clear()
    report = run_reconcile()
    assert (report["blobs"], report["points"]) == (1200, 1200)
    assert get_nonzero_counts(report) == {}
    assert app.encoder.calls == []
    # 3 pages; each but the ends of the container looks closer at the products it cuts
    assert calls["images"]["list"] <= 3 + 2 * 4
    assert calls["images"]["head"] + calls["images"]["read"] <= 2 * 4
    assert calls["index"]["points"] == 3
    assert calls["index"]["sources"] <= 3 + 4
    assert not calls["index"].keys() & {"write", "delete"}


def test_the_random_changes_cover_every_role_of_a_blob():
    """They change pictures, sidecars and documents."""
    assert {BlobRole.of(blob).role for blob in BLOBS} == {"picture", "sidecar", "document"}
    assert PointRef("a", "a/1.png").kind == "image"


def test_current_blobs_are_not_logged_one_by_one(app, caplog):
    """At a million pictures that would be a million lines a night."""
    caplog.set_level("INFO")
    for number in range(20):
        put_silently(app, f"mug/{number}.png")
        put_document(app, f"mug/{number}.png.json", "Mug")
    run_reconcile()
    put_document(app, "mug/0.png.json", "Cup")
    caplog.clear()
    assert get_nonzero_counts(run_reconcile()) == {"indexed": 1}
    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if line.startswith("mug/")] == ["mug/0.png.json: indexed"]
    assert any(line.startswith("reconcile: done") for line in lines)
