"""Every index: which write wins, and what a delete removes."""

import itertools

import numpy as np
import pytest

from shared_code.domain.products import ImageRef, PointRef
from tests.index_records import list_all_products, picture, read_names_by_image_key, search, text


def test_an_older_write_is_ignored(index):
    index.write([picture("p", version=5, angle=50)], [text("p", 5, angle=50)])
    index.write([picture("p", version=4, angle=0, words=5)], [text("p", 4, angle=0)])
    assert search(index)[0].score == pytest.approx(np.cos(np.radians(50)), abs=1e-4)
    assert search(index, "text")[0].score == pytest.approx(np.cos(np.radians(50)), abs=1e-4)
    assert index.product("p").text.name == "p v5"


@pytest.mark.parametrize("version", [5, 6])
def test_an_equal_or_newer_write_replaces(index, version):
    index.write([picture("p", version=5, angle=50)], [text("p", 5, angle=50, old=1)])
    index.write([picture("p", version=version)], [text("p", version, name="new", fresh=2)])
    assert search(index)[0].score == pytest.approx(1, abs=1e-4)
    assert search(index, "text")[0].score == pytest.approx(1, abs=1e-4)
    assert index.product("p").text.metadata == {"fresh": 2}
    assert index.counts().vectors == 2


def test_versions_are_compared_to_the_microsecond(index):
    now = 1_763_800_000_000_001
    index.write([], [text("p", now)])
    index.write([], [text("p", now - 1)])
    assert index.product("p").text.name == f"p v{now}"
    index.write([], [text("p", now + 1)])
    assert index.product("p").text.name == f"p v{now + 1}"


def test_the_newest_of_one_call_wins(index):
    index.write([picture("p", version=2, angle=0), picture("p", version=1, angle=90)], [])
    index.write([], [text("p", 3), text("p", 2), text("p", 3, name="last")])
    assert search(index)[0].score == pytest.approx(1, abs=1e-4)
    assert index.product("p").text.name == "last"
    assert read_names_by_image_key(index) == {"a.jpg": "last"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_pictures_carry_the_newest_words_whatever_the_order(index, order):
    writes = [
        ([picture("p", "a.jpg", words=1, gone=1)], []),
        ([picture("p", "b.jpg", words=2)], []),
        ([], [text("p", 1, gone=1)]),
        ([], [text("p", 2, fresh=True)]),
    ]
    for number in order:
        index.write(*writes[number])
    assert read_names_by_image_key(index) == {"a.jpg": "p v2", "b.jpg": "p v2"}
    assert index.product("p").text.metadata == {"fresh": True}
    by_key = {hit.image.key: hit.product for hit in search(index)}
    assert by_key["a.jpg"].metadata == {"fresh": True}  # replaced, not merged
    assert by_key["a.jpg"].description == "d2"


def test_a_late_picture_does_not_bring_old_words_back(index):
    index.write([picture("p", "a.jpg", words=9)], [text("p", 9)])
    index.write([picture("p", "a.jpg", version=2, words=3), picture("p", "b.jpg", words=3)], [])
    assert read_names_by_image_key(index) == {"a.jpg": "p v9", "b.jpg": "p v9"}


def test_an_ignored_text_spreads_no_words(index):
    index.write([picture("p", words=5)], [text("p", 5)])
    index.write([picture("p", "b.jpg", words=4)], [text("p", 4), text("q", 1)])
    assert read_names_by_image_key(index) == {"a.jpg": "p v5", "b.jpg": "p v5"}


def test_words_stay_within_their_product(index):
    index.write([picture("p"), picture("p/x"), picture("P")], [])
    index.write([], [text("p", 7)])
    names = {hit.product.product_id: hit.product.name for hit in search(index)}
    assert names == {"p": "p v7", "p/x": "p/x v1", "P": "P v1"}


def test_a_large_write_is_complete(index):
    images = [picture(f"p{n}", angle=n / 10, words=1) for n in range(150)]
    index.write(images, [text(f"p{n}", 2) for n in range(150)])
    counts = index.counts()
    assert (counts.products, counts.images) == (150, 150)
    assert {hit.product.name for hit in search(index, limit=500)} == {
        f"p{n} v2" for n in range(150)
    }


def test_ids_may_be_anything(index):
    ids = [
        "größe 42/日本語 👗",
        "a/b",
        "a//b",
        '"quoted"',
        "x" * 300,
        "null\x00byte",
        "%2F",
        " ",
    ]
    index.write([picture(i, 'k "ü"/👗.png') for i in ids], [text(i) for i in ids])
    assert {product.text.product_id for product in list_all_products(index, limit=3)} == set(ids)
    for product_id in ids:
        assert index.product(product_id).images == (
            ImageRef('k "ü"/👗.png', f'{product_id}/k "ü"/👗.png'),
        )
    index.delete_product("a/b")
    assert index.product("a//b") is not None


def test_what_is_deleted_is_gone_and_nothing_else(index):
    index.write([picture("p", "a.jpg"), picture("p", "b.jpg")], [text("p"), text("q")])
    index.delete([PointRef("p", "a.jpg"), PointRef("q"), PointRef("absent", "x")])
    assert index.product("p").images == (ImageRef("b.jpg", "p/b.jpg"),)
    assert index.product("q") is None
    assert [hit.image.key for hit in search(index)] == ["b.jpg"]
    assert index.counts().vectors == 2


def test_a_product_is_deleted_whole(index):
    index.write([picture("p"), picture("p2")], [text("p"), text("p2")])
    index.delete_product("p")
    index.delete_product("absent")
    assert index.product("p") is None
    assert index.images_of(["p", "p2"]).keys() == {"p2"}
    assert index.counts().vectors == 2


def test_a_deleted_point_may_be_written_again_at_any_version(index):
    index.write([picture("p", version=9)], [])
    index.delete([PointRef("p", "a.jpg")])
    index.write([picture("p", version=1)], [])
    assert len(search(index)) == 1


def test_the_words_that_a_point_carries_are_reported(index):
    index.write([picture("p", words=1)], [text("p", version=1)])
    index.write([], [text("p", version=2)])
    refs = [picture("p").ref, text("p").ref]
    expected = text("p", version=2).product.etag
    assert [index.sources(refs)[ref].words_etag for ref in refs] == [expected, expected]
