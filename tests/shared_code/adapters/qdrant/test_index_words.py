"""Every index: search by words (BM25), and reading stored vectors."""

import numpy as np
import pytest

from shared_code.domain.filters import AnyOf
from shared_code.domain.ports import VectorQuery, WordQuery
from shared_code.domain.products import PointRef
from tests.index_records import make_vector, picture, text


def search_words(index, query, *, where=None, limit=100):
    [hits] = index.nearest([WordQuery(query)], limit=limit, where=where)
    assert all(hit.score > 0 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    return [hit.product.product_id for hit in hits]


@pytest.fixture
def shop(index):
    index.write(
        [picture("dress")],
        [
            text("dress", name="Red summer dress", category="dresses", colour="red"),
            text("robe", name="Robe d'été rouge", category="dresses"),
            text("shoe", name="Grey running shoe", category="shoes", tags=["sport", "outdoor"]),
            text("shoe2", name="Brown leather shoe", category="shoes"),
            text("SKU-1234", name="Straw hat", angle=None),
        ],
    )
    return index


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("dresses", "dress"),
        ("RED DRESS", "dress"),
        ("robes rouges", "robe"),
        ("ete", "robe"),
        ("ÉTÉ", "robe"),
        ("run shoes", "shoe"),
        ("outdoors", "shoe"),
        ("1234", "SKU-1234"),
        ("sku-1234", "SKU-1234"),
        ("straw", "SKU-1234"),
    ],
)
def test_words_match_in_all_their_forms(shop, query, first):
    assert search_words(shop, query)[0] == first


def test_a_product_that_shares_no_word_is_no_hit(shop):
    assert search_words(shop, "leather") == ["shoe2"]
    assert search_words(shop, "submarine") == []


@pytest.mark.parametrize("query", ["", "the of and", "le la les", "!?", "\x00\x01", "👗", " \n"])
def test_a_query_without_words_finds_nothing(shop, query):
    assert search_words(shop, query) == []


@pytest.mark.parametrize("query", ["dress " * 5000, "\ud800 dress", "dress\x00", "dress'); --"])
def test_hostile_queries_are_words_like_any_other(shop, query):
    assert search_words(shop, query)[0] == "dress"


def test_a_rare_word_counts_more_than_a_common_one(index):
    common = [text(f"c{n}", name="blue shirt") for n in range(8)]
    index.write([], [*common, text("rare", name="striped shirt")])
    assert search_words(index, "blue striped")[0] == "rare"


def test_filters_and_limits_apply(shop):
    shoes = AnyOf("category", ("shoes",))
    assert set(search_words(shop, "shoe dress red", where=shoes)) == {"shoe", "shoe2"}
    assert len(search_words(shop, "shoe", limit=1)) == 1


def test_new_words_replace_the_old_ones(shop):
    shop.write([], [text("dress", version=2, name="Blue skirt")])
    assert "dress" not in search_words(shop, "dress")
    assert search_words(shop, "skirts") == ["dress"]
    shop.delete([PointRef("dress")])
    assert search_words(shop, "skirts") == []


def test_words_and_vectors_in_one_round_trip(shop):
    words, nothing, near = shop.nearest(
        [WordQuery("leather"), WordQuery("of the"), VectorQuery("image", make_vector(0))], limit=10
    )
    assert [hit.product.product_id for hit in words] == ["shoe2"]
    assert nothing == []
    assert [hit.image.key for hit in near] == ["a.jpg"]


def test_stored_vectors_come_back(index):
    index.write([picture("a", angle=30)], [text("a", angle=60), text("b", angle=None)])
    image_ref, text_ref = picture("a").ref, PointRef("a")
    vectors = index.vectors([image_ref, text_ref, PointRef("b"), PointRef("absent")])
    assert vectors.keys() == {image_ref, text_ref}
    np.testing.assert_allclose(vectors[image_ref], make_vector(30), atol=1e-6)
    np.testing.assert_allclose(vectors[text_ref], make_vector(60), atol=1e-6)
    assert index.vectors([]) == {}
