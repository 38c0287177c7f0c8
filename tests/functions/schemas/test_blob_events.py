"""Events on the queue, in both schemas of Event Grid: created, deleted, renamed, folders, tiers."""

from urllib.parse import quote

import pytest

from functions.blob_events import blob_events
from tests.functions.storage_events import ACCOUNT, event, queue_message
from tests.pictures import picture

SCHEMAS = ["EventGrid", "CloudEvents"]


def make_url(name, container="images"):
    return f"{ACCOUNT}/{container}/{quote(name)}"


def put(app, *blobs):
    for blob in blobs:
        app.images.write(blob, picture(), content_type="image/png")
        app.indexer.sync(blob)


def move(app, old, new):
    app.images.write(new, app.images.read(old).data, content_type="")
    app.images.delete(old)


def list_indexed_blobs(app):
    return {
        image.blob for product in app.index.products(limit=100).items for image in product.images
    }


@pytest.mark.parametrize("schema", SCHEMAS)
def test_deleted(app, schema):
    put(app, "mug/a.png", "mug/b.png")
    app.images.delete("mug/a.png")
    blob_events(
        event("BlobDeleted", "images/mug/a.png", {"url": make_url("mug/a.png")}, schema=schema)
    )
    assert list_indexed_blobs(app) == {"mug/b.png"}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_created_and_overwritten(app, schema):
    app.images.write("mug/a.png", picture(), content_type="")
    created = event(
        "BlobCreated", "images/mug/a.png", {"url": make_url("mug/a.png")}, schema=schema
    )
    blob_events(created)
    assert list_indexed_blobs(app) == {"mug/a.png"}
    app.encoder.calls.clear()
    blob_events(created)
    assert app.encoder.calls == []
    app.images.write("mug/a.png", picture("blue"), content_type="")
    blob_events(created)
    assert "image" in app.encoder.calls


@pytest.mark.parametrize("schema", SCHEMAS)
def test_renamed_from_one_product_to_another(app, schema):
    put(app, "mug/a.png")
    move(app, "mug/a.png", "cup/ä b.png")
    names = {"sourceUrl": make_url("mug/a.png"), "destinationUrl": make_url("cup/ä b.png")}
    blob_events(event("BlobRenamed", "images/cup/ä b.png", names, schema=schema))
    assert list_indexed_blobs(app) == {"cup/ä b.png"}
    assert app.index.product("mug") is None


def test_renamed_into_and_out_of_another_container(app):
    put(app, "mug/a.png")
    app.images.delete("mug/a.png")
    names = {"sourceUrl": make_url("mug/a.png"), "destinationUrl": make_url("mug/a.png", "archive")}
    blob_events(event("BlobRenamed", "archive/mug/a.png", names))
    assert list_indexed_blobs(app) == set()
    app.images.write("mug/a.png", picture(), content_type="")
    names = {"sourceUrl": make_url("mug/a.png", "archive"), "destinationUrl": make_url("mug/a.png")}
    blob_events(event("BlobRenamed", "images/mug/a.png", names))
    assert list_indexed_blobs(app) == {"mug/a.png"}


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize(("old", "new"), [("mug", "cup"), ("mug/views", "mug/older")])
def test_a_folder_renamed(app, schema, old, new):
    """One event of a hierarchical namespace stands for everything below the folder."""
    put(app, "mug/views/a.png", "mug/views/b.png", "other/c.png")
    app.images.write("mug/views/a.png.json", b'{"name": "Said"}', content_type="")
    app.indexer.sync("mug/views/a.png.json")
    for name in ("views/a.png", "views/b.png", "views/a.png.json"):
        move(app, f"mug/{name}", f"mug/{name}".replace(old, new, 1))
    names = {"sourceUrl": make_url(old), "destinationUrl": make_url(new)}
    blob_events(event("DirectoryRenamed", f"images/{new}", names, schema=schema))
    moved = {f"mug/views/{n}.png".replace(old, new, 1) for n in "ab"}
    assert list_indexed_blobs(app) == {*moved, "other/c.png"}
    assert app.index.product(new.split("/")[0]).text.name == "Said"


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_folder_deleted(app, schema):
    put(app, "mug/a.png", "mug/b.png", "mugs/c.png")
    for blob in ("mug/a.png", "mug/b.png"):
        app.images.delete(blob)
    data = {"url": make_url("mug"), "recursive": "true"}
    blob_events(event("DirectoryDeleted", "images/mug", data, schema=schema))
    assert list_indexed_blobs(app) == {"mugs/c.png"}


def test_a_subject_that_lost_its_emoji_is_replaced_by_the_url(app):
    put(app, "mug/👗.png")
    app.images.delete("mug/👗.png")
    blob_events(event("BlobDeleted", "images/mug/��.png", {"url": make_url("mug/👗.png")}))
    assert list_indexed_blobs(app) == set()


def test_a_percent_sign_in_a_name_is_a_percent_sign(app):
    put(app, "mug/a%2Fb.png")
    app.images.delete("mug/a%2Fb.png")
    blob_events(event("BlobDeleted", "images/mug/a%2Fb.png", {"url": make_url("mug/a%2Fb.png")}))
    assert list_indexed_blobs(app) == set()


@pytest.mark.parametrize("data", [{}, {"url": ""}, {"url": "nonsense"}, {"url": 7}, {"url": None}])
def test_an_event_without_a_usable_url_is_read_by_its_subject(app, data):
    put(app, "mug/a.png")
    app.images.delete("mug/a.png")
    blob_events(event("BlobDeleted", "images/mug/a.png", data))
    assert list_indexed_blobs(app) == set()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_events_of_other_containers_and_topics_are_ignored(app, schema):
    put(app, "mug/a.png")
    app.images.delete("mug/a.png")
    other = {"url": make_url("mug/a.png", "thumbnails")}
    blob_events(event("BlobDeleted", "thumbnails/mug/a.png", other, schema=schema))
    blob_events(
        event("DirectoryDeleted", "thumbnails/mug", {"url": make_url("mug", "t")}, schema=schema)
    )
    assert list_indexed_blobs(app) == {"mug/a.png"}


def test_an_event_of_no_data_at_all_is_ignored(app):
    cloud = {"id": "1", "source": "s", "type": "t", "specversion": "1.0", "subject": None}
    grid = {"id": "1", "topic": "", "subject": "", "eventType": "", "data": None}
    for nothing in (cloud, grid, {**cloud, "data": "text"}, []):
        blob_events(queue_message(nothing))
    assert app.failures.count() == 0


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_blob_back_from_the_archive_tier_is_looked_at(app, schema):
    app.images.write("mug/a.png", picture(), content_type="")
    data = {"url": make_url("mug/a.png"), "accessTier": "Hot", "previousTier": "Archive"}
    blob_events(event("BlobTierChanged", "images/mug/a.png", data, schema=schema))
    assert list_indexed_blobs(app) == {"mug/a.png"}


@pytest.mark.parametrize("blob", ["/mug/a.png", "mug//a.png", "mug/"])
def test_names_that_the_blob_trigger_never_delivers_come_by_the_queue(app, blob):
    app.images.write(blob, picture(), content_type="")
    blob_events(event("BlobCreated", f"images/{blob}", {"url": make_url(blob)}))
    outcome = list_indexed_blobs(app) | {
        failure.blob for failure in app.failures.page(limit=9).items
    }
    assert outcome == {blob}


def test_several_events_in_one_message(app):
    put(app, "mug/a.png", "mug/b.png")
    for blob in ("mug/a.png", "mug/b.png"):
        app.images.delete(blob)
    messages = [event("BlobDeleted", f"images/mug/{n}.png", {}).get_json() for n in "ab"]
    blob_events(queue_message(messages))
    assert list_indexed_blobs(app) == set()
