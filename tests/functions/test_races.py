"""Duplicated, reordered and racing events always leave the index as storage is.

Every change is followed by at least one event, as the host promises, and nothing else is
promised: events come twice, late, in any order, and several at once on one product.
"""

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from qdrant_client import QdrantClient

from functions.products import delete_product, index_product_with_image
from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex
from shared_code.domain.errors import Unavailable
from shared_code.domain.naming import BlobRole, derive_name, picture_ref
from shared_code.domain.ports import VectorQuery
from shared_code.domain.products import PointRef, ProductText
from shared_code.indexing.records import image_record
from shared_code.indexing.words import ObservedText
from tests.functions.conftest import CountingEncoder, as_form, call
from tests.index_records import spec
from tests.pictures import picture

PICTURES = ["a/1.png", "a/2.png", "a/3.png", "b.png", "b/x.png", "c/1.png"]
DOCUMENTS = ["a/product.json", "a/1.png.json", "b.png.json"]
BLOBS = PICTURES + DOCUMENTS
COLOURS = ["red", "green", "blue"]
STEPS = 60


def change_storage(app, chance):
    """One random change of storage; returns the blob it touched."""
    blob = chance.choice(PICTURES + DOCUMENTS)
    if chance.random() < 0.3:
        app.images.delete(blob)
    elif blob in DOCUMENTS:
        words = {"name": f"Name {chance.randrange(100)}"}
        broken = chance.random() < 0.2
        app.images.write(blob, b"{" if broken else json.dumps(words).encode(), content_type="")
    elif chance.random() < 0.15:
        app.images.write(blob, b"no picture", content_type="")
    else:
        app.images.write(blob, picture(chance.choice(COLOURS)), content_type="")
    return blob


def deliver(app, blob):
    """Delivers as the host does: an event whose handler raises is delivered again."""
    for _ in range(20):
        try:
            return app.indexer.sync(blob)
        except Unavailable:
            continue
    raise AssertionError(f"{blob} could not be delivered")


def assert_index_matches_storage(app):
    """Every sound picture is indexed once with its vector, and every product with its words."""
    sound = {
        info.name: app.images.read(info.name).data
        for info in app.images.list().items
        if BlobRole.of(info.name).role == "picture"
        and app.images.read(info.name).data[:4] == b"\x89PNG"
    }
    expected: dict[str, set[str]] = {}
    for blob in sound:
        expected.setdefault(BlobRole.of(blob).product_id, set()).add(blob)
    for product_id in "abc":
        words = app.words.read(product_id)
        product = app.index.product(product_id)
        should_exist = product_id in expected or (words is not None and words.from_document)
        assert (product is not None) == should_exist, product_id
        if product is not None:
            assert {image.blob for image in product.images} == expected.get(product_id, set())
            assert product.text.name == words.text.name
    for blob, data in sound.items():
        [vector] = app.encoder.encode_images([app.encoder.decode(data)])
        hits = app.index.nearest([VectorQuery("image", vector)], limit=50)[0]
        [own] = [hit for hit in hits if hit.image.blob == blob]
        assert own.score == pytest.approx(1, abs=1e-4), blob
        assert own.product.name == app.index.product(own.product.product_id).text.name
    assert app.index.counts().images == len(sound)


@pytest.fixture(params=["memory", "edge"])
def racing_app(app, request, tmp_path):
    if request.param == "edge":
        app.adapters.index = QdrantEdgeIndex(tmp_path, spec(model=app.encoder.model))
    yield app
    app.index.close()


@pytest.mark.parametrize("seed", range(6))
def test_racing_events_end_where_storage_is(racing_app, seed):
    chance = random.Random(seed)
    lock = threading.Lock()

    def change_and_deliver(_):
        for _ in range(STEPS // 6):
            with lock:
                changed_blob = change_storage(racing_app, chance)
                random_blob = chance.choice(PICTURES + DOCUMENTS)
            for blob in (random_blob, changed_blob, changed_blob):
                deliver(racing_app, blob)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(change_and_deliver, range(6)))
    assert_index_matches_storage(racing_app)


def test_putting_and_deleting_at_once_leaves_all_or_nothing(racing_app):
    def put(i):
        files = [("image_file", "f.png", picture("red", size=(20 + i, 20)))]
        return call(index_product_with_image, **as_form({"product_id": "a", "name": "A"}, files))

    def delete(_):
        return call(delete_product, method="DELETE", route_params={"product_id": "a"})

    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(put if i % 3 else delete, i) for i in range(40)]
    statuses = {future.result().status_code for future in futures}
    assert statuses <= {200, 404, 503}
    if 503 in statuses:  # gave up on a product that kept changing: the trigger's event mends it
        deliver(racing_app, "a/product.json")
    assert_index_matches_storage(racing_app)


def test_a_name_comes_from_the_file_when_nothing_else_says_it(racing_app):
    racing_app.images.write("b.png", picture(), content_type="")
    racing_app.indexer.sync("b.png")
    assert racing_app.index.product("b").text.name == derive_name("b.png")


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
def test_a_cloud_write_cut_short_is_mended_by_the_next_event(app):
    """Qdrant fails between the request that writes a picture and the one that spreads words."""
    client = QdrantClient(":memory:")
    index = QdrantCloudIndex(lambda: client, spec(model=app.encoder.model))
    app.adapters.index = index
    for blob in ("p/product.json", "p/a.png"):
        old = json.dumps({"name": "Old"}).encode()
        app.images.write(blob, old if "json" in blob else picture(), content_type="")
        app.indexer.sync(blob)

    def cut_short(product_ids):
        raise Unavailable("qdrant did not answer")

    stale = index.sources([picture_ref("p/a.png"), PointRef("p")])
    app.images.write("p/product.json", b'{"name": "New"}', content_type="")
    app.indexer.sync("p/product.json")
    late_record = make_picture_record(
        app, "p/a.png", name="Old", version=stale[PointRef("p")].version
    )
    index._catch_up, catch_up = cut_short, index._catch_up
    with pytest.raises(Unavailable):
        index.write([late_record], [])
    index._catch_up = catch_up
    assert (
        app.index.nearest([VectorQuery("image", late_record.vector)], limit=1)[0][0].product.name
        == "Old"
    )
    app.indexer.sync("p/a.png")
    assert (
        app.index.nearest([VectorQuery("image", late_record.vector)], limit=1)[0][0].product.name
        == "New"
    )
    client.close()


def make_picture_record(app, blob, *, name, version):
    info = app.images.head(blob)
    [vector] = app.encoder.encode_images([app.encoder.decode(app.images.read(blob).data)])
    return image_record(info, vector, ObservedText(ProductText("p", name), version))


class InterruptedEncoder(CountingEncoder):
    """Calls ``happens`` once, while a picture is embedded."""

    def __init__(self, happens):
        super().__init__()
        self.happens = [happens]

    def encode_images(self, pictures):
        if self.happens:
            self.happens.pop()()
        return super().encode_images(pictures)


def test_a_delete_and_its_event_while_the_picture_is_embedded(app):
    """Azure drops later events of a blob that is gone: nobody else would notice."""

    def delete():
        app.images.delete("a/1.png")
        app.indexer.sync("a/1.png")

    app.adapters.encoder = InterruptedEncoder(delete)
    app.images.write("a/1.png", picture(), content_type="")
    assert app.indexer.sync("a/1.png") == "removed"
    assert app.index.counts().vectors == 0
    assert app.thumbnails.store.list().items == ()


def test_an_overwrite_and_its_event_while_the_picture_is_embedded(app):
    def overwrite():
        app.images.write("a/1.png", picture("blue"), content_type="")
        app.indexer.sync("a/1.png")

    app.adapters.encoder = InterruptedEncoder(overwrite)
    app.images.write("a/1.png", picture("red"), content_type="")
    app.indexer.sync("a/1.png")
    assert_index_matches_storage(app)
