"""Every index: sources, listings, counts."""

import pytest

from shared_code.domain.errors import Unprocessable
from shared_code.domain.products import PointRef, PointRevision
from tests.index_records import MODEL, list_all_products, picture, text


def test_sources_are_those_written(index):
    index.write([picture("p", version=3)], [text("p", 7)])
    picture_ref, text_ref = PointRef("p", "a.jpg"), PointRef("p")
    assert index.sources([picture_ref, text_ref, PointRef("p", "b.jpg"), PointRef("q")]) == {
        picture_ref: PointRevision("image-3", 3),
        text_ref: PointRevision("text-7", 7),
    }


def test_new_words_leave_the_source_of_a_picture_alone(index):
    index.write([picture("p", version=3)], [])
    index.write([], [text("p", 7)])
    assert index.sources([PointRef("p", "a.jpg")])[PointRef("p", "a.jpg")].version == 3


def test_pictures_are_ordered_by_key(index):
    keys = ["b.jpg", "a.jpg", "ä.jpg", "B.jpg", "a/1.jpg"]
    index.write([picture("p", key) for key in keys] + [picture("q")], [text("p"), text("r")])
    images = index.images_of(["p", "q", "r", "none"])
    assert [image.key for image in images["p"]] == sorted(keys)
    assert set(images) == {"p", "q"}
    assert index.product("p").images == images["p"]
    assert index.product("r").images == ()
    assert index.product("q") is None  # a picture alone is no product yet


def test_every_picture_is_listed_however_many_there_are(index):
    index.write([picture("p", f"{n:04}.jpg") for n in range(1100)], [text("p")])
    assert len(index.images_of(["p"])["p"]) == 1100
    assert len(index.products(limit=1).items[0].images) == 1100


def test_counts_are_exact(index):
    index.write([picture("p", k) for k in "abc"] + [picture("q")], [text("p"), text("r")])
    counts = index.counts()
    assert (counts.products, counts.images, counts.vectors) == (2, 4, 6)


def test_paging_is_stable_and_complete(index):
    ids = {f"p{n}" for n in range(25)}
    index.write([picture(i) for i in ids], [text(i) for i in ids])
    products = list_all_products(index, limit=7)
    assert len(products) == 25
    assert {product.text.product_id for product in products} == ids
    assert all(len(product.images) == 1 for product in products)
    assert products == list_all_products(index, limit=25) == list_all_products(index, limit=3)
    assert index.products(limit=25).cursor is None


def test_paging_survives_deletes(index):
    index.write([], [text(f"p{n}") for n in range(12)])
    order = [product.text.product_id for product in list_all_products(index, limit=12)]
    page = index.products(limit=4)
    for product_id in order[3:6]:
        index.delete_product(product_id)
    rest = index.products(limit=100, cursor=page.cursor)
    assert [product.text.product_id for product in rest.items] == order[6:]


def list_all_points(index, *, limit):
    refs, cursor = [], None
    while True:
        page = index.points(limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        refs += page.items
        cursor = page.cursor
        if cursor is None:
            return refs


def test_every_point_is_listed_once(index):
    assert list_all_points(index, limit=3) == []
    images = [picture(f"p{n}", key) for n in range(12) for key in ("a.jpg", "größe/👗.png")]
    index.write(images, [text(f"p{n}") for n in range(10)])
    refs = {record.ref for record in images} | {PointRef(f"p{n}") for n in range(10)}
    for limit in (1, 7, 34, 100):
        listed = list_all_points(index, limit=limit)
        assert len(listed) == 34
        assert set(listed) == refs


def test_points_are_in_an_order_that_writes_and_deletes_leave_alone(index):
    index.write([], [text(f"p{n}") for n in range(12)])
    order = list_all_points(index, limit=12)
    page = index.points(limit=4)
    index.delete(order[2:6])
    index.write([], [text(order[8].product_id, 9)])
    assert list(index.points(limit=100, cursor=page.cursor).items) == order[6:]


@pytest.mark.parametrize("cursor", ["", "x", "abcd", "💥"])
def test_a_foreign_cursor_of_points_is_refused(index, cursor):
    with pytest.raises(Unprocessable, match="cursor"):
        index.points(limit=5, cursor=cursor)


@pytest.mark.parametrize("cursor", ["", "x", "abcd", "💥", "a b", "0" * 23, "A" * 1000, "../.."])
def test_a_foreign_cursor_is_refused(index, cursor):
    index.write([], [text("p")])
    with pytest.raises(Unprocessable, match="cursor"):
        index.products(limit=5, cursor=cursor)


def test_the_collection_is_named_after_alias_and_model(index):
    assert index.collection.endswith(f"products__{MODEL.fingerprint}")
