"""Every index: the hits of a search, and their order."""

from dataclasses import replace

import numpy as np
import pytest

from shared_code.domain.ports import VectorQuery
from shared_code.domain.products import PointRef
from tests.index_records import (
    DIMENSION,
    find_matching_ids,
    make_vector,
    picture,
    search,
    spec,
    text,
)


def test_nearest_is_ordered_by_cosine_and_limited(index):
    angles = [80, 20, 60, 0, 40]
    index.write([picture("p", f"{a}.jpg", angle=a) for a in angles], [])
    hits = search(index, limit=3)
    assert [hit.image.key for hit in hits] == ["0.jpg", "20.jpg", "40.jpg"]
    expected = [np.cos(np.radians(a)) for a in (0, 20, 40)]
    assert [hit.score for hit in hits] == pytest.approx(expected, abs=1e-4)


def test_a_hit_carries_its_whole_product(index):
    image = picture("p", "b/ü.jpg", words=2, colour="red", sizes=[1, 2.5], nested={"a": None})
    index.write([image], [])
    [hit] = search(index)
    assert (hit.product, hit.kind, hit.image) == (image.product, "image", image.image)


def test_each_query_searches_its_own_kind(index):
    index.write([picture("p", angle=30), picture("q", angle=60)], [text("p", angle=90)])
    queries = [VectorQuery("text", make_vector(90)), VectorQuery("image", make_vector(60))]
    texts, images = index.nearest(queries, limit=5)
    assert [(hit.product.product_id, hit.image) for hit in texts] == [("p", None)]
    assert [hit.product.product_id for hit in images] == ["q", "p"]
    assert {hit.kind for hit in images} == {"image"}


def test_a_text_without_a_vector_is_listed_and_is_never_a_hit(index):
    index.write([], [text("p"), text("q", angle=None)])
    assert find_matching_ids(index, None) == {"p"}
    assert index.counts().products == 2
    assert index.product("q").text.name == "q v1"
    index.write([], [text("p", 2, angle=None)])
    assert find_matching_ids(index, None) == set()


def test_an_empty_index_returns_nothing(index):
    assert search(index) == []
    assert index.nearest([], limit=1) == []
    assert index.products(limit=5).items == ()
    assert index.counts().vectors == 0
    assert index.sources([]) == index.images_of([]) == {}
    assert index.sources([PointRef("p")]) == index.images_of(["p"]) == {}
    assert index.product("p") is None
    index.delete([])
    index.write([], [])
    index.ping()


def test_both_distances_give_the_same_answers(build):
    rng = np.random.default_rng(7)
    vectors = rng.standard_normal((60, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    images = [replace(picture("p", f"{n}.jpg"), vector=vectors[n]) for n in range(50)]
    queries = [VectorQuery("image", vector) for vector in vectors[50:]]
    rankings = []
    for distance in ("cosine", "euclid"):
        index = build(spec("cosines" if distance == "cosine" else "euclids", distance=distance))
        index.write(images, [])
        rankings.append(index.nearest(queries, limit=10))
    for cosine, euclid in zip(*rankings, strict=True):
        assert [hit.image.key for hit in cosine] == [hit.image.key for hit in euclid]
        scores = [hit.score for hit in euclid]
        assert [hit.score for hit in cosine] == pytest.approx(scores, abs=1e-4)
