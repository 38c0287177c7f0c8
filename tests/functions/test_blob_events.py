"""The blob trigger and the queue of events, called with real host objects."""

import io
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.functions.blob import InputStream

from functions.blob_events import blob_changed, blob_events
from functions.failures import list_failures, retry_failures
from shared_code.domain.errors import RefusedByStorage
from shared_code.indexing.indexing import DECODED_AT_ONCE
from shared_code.search.query import Photo, SearchOptions
from tests.functions.conftest import CountingEncoder, body_of, call
from tests.functions.storage_events import event
from tests.pictures import bomb, picture
from tests.registered_functions import registered_functions
from tests.twins.blobs import MemoryBlobStore


def drop(app, blob, data):
    """Does what the host does: the blob is in storage, then the trigger is called."""
    app.images.write(blob, data, content_type="application/octet-stream")
    blob_changed(InputStream(data=data, name=f"images/{blob}", length=len(data)))


def remove(app, blob):
    app.images.delete(blob)
    blob_events(delete_event(blob))


def delete_event(blob, container="images"):
    url = f"https://account.blob.core.windows.net/{container}/{blob}"
    return event("BlobDeleted", f"{container}/{blob}", {"api": "DeleteBlob", "url": url})


def get_product_name(app, product_id):
    product = app.index.product(product_id)
    return product.text.name if product else None


def test_a_dropped_picture_is_indexed_and_a_deleted_one_is_gone(app):
    drop(app, "red-summer-dress/front.png", picture())
    assert get_product_name(app, "red-summer-dress") == "Red Summer Dress"
    assert app.index.counts().images == 1
    remove(app, "red-summer-dress/front.png")
    assert app.index.counts().vectors == 0


def test_a_root_file_is_a_product_of_its_own(app):
    drop(app, "coffee_mug.PNG", picture())
    assert get_product_name(app, "coffee_mug") == "Coffee Mug"


def test_words_come_from_a_document_a_sidecar_or_the_name(app):
    drop(app, "mug/blue-mug.png", picture())
    assert get_product_name(app, "mug") == "Blue Mug"
    drop(app, "mug/blue-mug.png.json", json.dumps({"name": "From the sidecar"}).encode())
    assert get_product_name(app, "mug") == "From the sidecar"
    drop(app, "mug/product.json", json.dumps({"name": "From the document"}).encode())
    assert get_product_name(app, "mug") == "From the document"
    remove(app, "mug/product.json")
    assert get_product_name(app, "mug") == "From the sidecar"
    remove(app, "mug/blue-mug.png.json")
    assert get_product_name(app, "mug") == "Blue Mug"


def test_a_sidecar_before_its_picture(app):
    drop(app, "mug/a.png.json", json.dumps({"name": "Early", "metadata": {"price": 1}}).encode())
    assert app.index.counts().products == 0
    drop(app, "mug/a.png", picture())
    assert get_product_name(app, "mug") == "Early"


def test_a_second_delivery_costs_no_embedding(app):
    drop(app, "mug/a.png", picture())
    app.encoder.calls.clear()
    drop_again = InputStream(data=picture(), name="images/mug/a.png", length=1)
    blob_changed(drop_again)
    assert app.encoder.calls == []


def test_an_overwritten_picture_replaces_its_vector(app):
    drop(app, "mug/a.png", picture("red"))
    drop(app, "mug/a.png", picture("blue"))
    [result] = app.search.by_picture(
        Photo(picture("blue")), "image", SearchOptions(limit=1)
    ).results
    assert result.score > 0.99
    assert app.index.counts().images == 1


def test_late_events_do_not_bring_a_deleted_picture_back(app):
    drop(app, "mug/a.png", picture())
    remove(app, "mug/a.png")
    blob_changed(InputStream(data=picture(), name="images/mug/a.png", length=1))
    blob_events(delete_event("mug/a.png"))
    assert app.index.counts().vectors == 0


def test_a_delete_event_that_comes_late_does_not_remove_the_new_picture(app):
    drop(app, "mug/a.png", picture())
    blob_events(delete_event("mug/a.png"))
    assert app.index.counts().images == 1


@pytest.mark.parametrize("data", [b"no picture", b"", bomb(), picture()[:50]])
def test_a_picture_that_can_never_be_indexed_is_recorded_not_raised(app, data):
    drop(app, "mug/bad.png", data)
    [failure] = app.failures.page(limit=9).items
    assert (failure.blob, failure.product_id) == ("mug/bad.png", "mug")
    assert failure.reason
    assert app.index.counts().vectors == 0
    drop(app, "mug/bad.png", picture())
    assert app.failures.count() == 0
    assert app.index.counts().vectors == 2


def test_a_good_picture_overwritten_by_a_bad_one_leaves_nothing_stale(app):
    drop(app, "mug/a.png", picture())
    drop(app, "mug/b.png", picture("blue"))
    drop(app, "mug/a.png", b"broken now")
    assert app.index.counts().images == 1
    remove(app, "mug/a.png")
    assert app.failures.count() == 0


def test_a_bad_sidecar_is_recorded_and_the_picture_is_still_indexed(app):
    drop(app, "mug/blue-mug.png", picture())
    drop(app, "mug/blue-mug.png.json", b"{not json")
    assert get_product_name(app, "mug") == "Blue Mug"
    [failure] = app.failures.page(limit=9).items
    assert "JSON" in failure.reason


def test_another_containers_events_are_ignored(app):
    drop(app, "mug/a.png", picture())
    app.images.delete("mug/a.png")
    blob_events(delete_event("mug/a.png", container="thumbnails"))
    assert app.index.counts().images == 1


def test_the_trigger_takes_bytes_and_reads_from_the_configured_container():
    [binding] = [
        b.get_dict_repr()
        for f in registered_functions()
        if f.get_function_name() == "blob_changed"
        for b in f.get_bindings()
    ]
    assert binding["path"] == "images/{name}"
    assert str(binding["dataType"]).endswith("BINARY")


@pytest.mark.parametrize(
    ("source", "is_there"), [("Queue", False), ("EventGrid", True), ("LogsAndContainerScan", True)]
)
def test_there_is_no_blob_trigger_where_events_come_by_the_queue(source, is_there):
    """Otherwise each new blob would be delivered twice, and its content read for nothing."""
    code = (
        "import function_app; print(*(f.get_function_name() for f in "
        "function_app.app.get_functions()))"
    )
    environ = {**os.environ, "BLOB_TRIGGER_SOURCE": source}
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=True
    )
    names = completed.stdout.split()
    assert ("blob_changed" in names) == is_there
    assert {"blob_events", "blob_events_given_up", "blob_trigger_given_up"} <= set(names)


def test_streams_are_not_trusted_over_storage(app):
    """The content that came with the event may be old; what counts is what storage holds."""
    app.images.write("mug/a.png", picture("blue"), content_type="image/png")
    blob_changed(InputStream(data=io.BytesIO(picture("red")).read(), name="images/mug/a.png"))
    [result] = app.search.by_picture(
        Photo(picture("blue")), "image", SearchOptions(limit=1)
    ).results
    assert result.score > 0.99


def test_a_huge_blob_is_a_failure(app):
    drop(app, "mug/huge.png", b"\x89PNG" + b"\0" * 2_000_000)
    [failure] = app.failures.page(limit=9).items
    assert "MAX_UPLOAD_MB" in failure.reason


class ArchivingBlobStore(MemoryBlobStore):
    """A store some of whose blobs are in the archive tier, which changes no etag."""

    def __init__(self):
        super().__init__()
        self.archived = set()
        self.reads = []

    def read(self, name):
        self.reads.append(name)
        if name in self.archived:
            raise RefusedByStorage("The blob is in the archive tier.")
        return super().read(name)

    def head(self, name):
        blob = super().read(name) if name not in self.archived else self._blobs[name]
        return blob.info if blob else None


@pytest.fixture
def archive(app):
    app.adapters.images = ArchivingBlobStore()
    return app.images


def test_an_archived_picture_is_a_failure_until_it_is_back(app, archive):
    archive.archived.add("mug/a.png")
    drop(app, "mug/a.png", picture())
    [failure] = app.failures.page(limit=9).items
    assert failure.reason == "The blob is in the archive tier."
    archive.archived.clear()
    data = {"url": "https://account.blob.core.windows.net/images/mug/a.png"}
    blob_events(event("BlobTierChanged", "images/mug/a.png", data))
    assert (app.failures.count(), app.index.counts().images) == (0, 1)


def test_a_reconcile_notices_that_an_archived_picture_is_back(app, archive):
    archive.archived.add("mug/a.png")
    drop(app, "mug/a.png", picture())
    assert app.reconcile.run(seconds=9).is_done
    assert app.failures.count() == 1
    archive.archived.clear()
    assert app.reconcile.run(seconds=9).is_done
    assert (app.failures.count(), app.index.counts().images) == (0, 1)


def test_an_indexed_picture_stays_indexed_when_it_is_archived(app, archive):
    drop(app, "mug/a.png", picture())
    archive.archived.add("mug/a.png")
    blob_events(event("BlobTierChanged", "images/mug/a.png", {}))
    assert (app.failures.count(), app.index.counts().images) == (0, 1)


def test_an_archived_document_blocks_no_picture(app, archive):
    archive.archived.add("blue-mug/product.json")
    drop(app, "blue-mug/product.json", b'{"name": "Said"}')
    drop(app, "blue-mug/a.png", picture())
    assert get_product_name(app, "blue-mug") == "Blue Mug"
    assert [failure.blob for failure in app.failures.page(limit=9).items] == [
        "blue-mug/product.json"
    ]


def test_a_blob_that_is_too_large_is_refused_without_reading_it(app, archive):
    app.images.write("mug/huge.png", b"\x89PNG" + b"\0" * 2_000_000)
    blob_events(event("BlobCreated", "images/mug/huge.png", {}))
    [failure] = app.failures.page(limit=9).items
    assert "MAX_UPLOAD_MB" in failure.reason
    assert archive.reads == []


class CrowdCountingEncoder(CountingEncoder):
    """Records how many pictures are decoded or embedded at the same time."""

    def __init__(self):
        super().__init__()
        self.now = self.most = 0
        self.lock = threading.Lock()

    def decode(self, picture, region=None):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        return super().decode(picture, region)

    def encode_images(self, pictures):
        with self.lock:
            self.now -= 1
        return super().encode_images(pictures)


def test_at_most_two_pictures_are_decoded_at_a_time(app):
    """host.json lets eight queue messages run at the same time, and three blob triggers."""
    app.adapters.encoder = encoder = CrowdCountingEncoder()
    blobs = [f"p{number}/a.png" for number in range(11)]
    for blob in blobs:
        app.images.write(blob, picture(), content_type="")
    with ThreadPoolExecutor(11) as pool:
        list(pool.map(lambda blob: blob_events(event("BlobCreated", f"images/{blob}", {})), blobs))
    assert app.index.counts().images == 11
    assert encoder.most == DECODED_AT_ONCE == 2


def test_a_name_that_no_store_takes_is_recorded(app):
    blob_changed(InputStream(data=b"", name="images/mug\\a.png"))
    [failure] = app.failures.page(limit=9).items
    assert "backslash" in failure.reason


def test_failures_are_listed_page_by_page_and_tried_again(app):
    for i in range(3):
        drop(app, f"mug/bad{i}.png", b"no picture")
    listing = body_of(call(list_failures, method="GET", params={"limit": "2"}))
    assert listing["count"] == 2
    assert {"blob", "product_id", "reason", "at"} == set(listing["failures"][0])
    rest = body_of(call(list_failures, method="GET", params={"cursor": listing["cursor"]}))
    assert (rest["count"], rest["cursor"]) == (1, None)
    app.images.write("mug/bad1.png", picture(), content_type="image/png")  # its event was lost
    assert body_of(call(retry_failures)) == {"tried": 3, "failed": 2, "cursor": None}
    assert app.failures.count() == 2
    assert app.index.counts().images == 1
