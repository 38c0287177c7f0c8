"""Grouping, fusion and paging, on an index that answers from a list."""

from types import SimpleNamespace

import pytest

from shared_code.core.ports import TextEmbedding
from shared_code.core.products import Hit, ImageRef, ProductText
from shared_code.core.search import MAX_FETCH, Options, Search


class ListedIndex:
    """Answers each kind of query with a fixed ranking of (product id, score)."""

    def __init__(self, **rankings):
        self.rankings = rankings
        self.fetched = []

    def nearest(self, queries, *, limit, where=None):
        self.fetched.append(limit)
        return [
            [hit(product_id, query.kind, score) for product_id, score in self.rankings[query.kind]][
                :limit
            ]
            for query in queries
        ]

    def images_of(self, product_ids):
        return {p: (ImageRef(f"{p}/a.png", f"{p}/a.png"),) for p in product_ids}


def hit(product_id, kind, score):
    image = (
        ImageRef(f"{product_id}/best.png", f"{product_id}/best.png") if kind == "image" else None
    )
    return Hit(ProductText(product_id, product_id), kind, score, image)


def search(index, *, windows=1):
    encoder = SimpleNamespace(encode_texts=lambda texts: [TextEmbedding(None, windows)])
    return Search(encoder, index)


def ranked(answer):
    return [(r.product.product_id, round(r.score, 3)) for r in answer.results]


def test_both_views_are_weighed():
    index = ListedIndex(image=[("a", 0.4), ("b", 0.3)], text=[("a", 0.9), ("b", 0.8)])
    answer = search(index).by_text("x", "auto", Options())
    assert ranked(answer) == [("a", 0.7), ("b", 0.6)]
    assert answer.results[0].scores == {"image": 0.4, "text": 0.9}


def test_what_one_view_does_not_know_gets_its_last_score():
    index = ListedIndex(image=[("a", 0.5), ("b", 0.1)], text=[("c", 0.9), ("a", 0.6)])
    answer = search(index).by_text("x", "auto", Options())
    assert ranked(answer) == [("c", 0.58), ("a", 0.56), ("b", 0.4)]
    assert answer.results[0].scores == {"text": 0.9}


def test_without_any_picture_words_alone_decide():
    index = ListedIndex(image=[], text=[("a", 0.9), ("b", 0.5)])
    assert ranked(search(index).by_text("x", "auto", Options())) == [("a", 0.54), ("b", 0.3)]


def test_a_product_counts_once_with_its_best_picture():
    index = ListedIndex(image=[("a", 0.9), ("a", 0.8), ("b", 0.7), ("a", 0.6)])
    answer = search(index).by_text("x", "image", Options())
    assert ranked(answer) == [("a", 0.9), ("b", 0.7)]
    assert answer.results[0].image.blob == "a/best.png"


def test_many_pictures_of_one_product_do_not_crowd_out_the_others():
    crowd = [("a", 0.9)] * 200 + [("b", 0.5), ("c", 0.4)]
    index = ListedIndex(image=crowd)
    answer = search(index).by_text("x", "image", Options(limit=3))
    assert [p for p, _ in ranked(answer)] == ["a", "b", "c"]
    assert index.fetched[0] < 200 < index.fetched[-1]


def test_fetching_deeper_ends():
    index = ListedIndex(image=[("a", 0.9)] * (2 * MAX_FETCH))
    assert len(search(index).by_text("x", "image", Options(limit=3)).results) == 1
    assert index.fetched[-1] == MAX_FETCH


@pytest.mark.parametrize(("offset", "expected"), [(0, ["a", "b"]), (2, ["c"]), (3, [])])
def test_pages(offset, expected):
    index = ListedIndex(text=[("a", 0.9), ("b", 0.8), ("c", 0.7)])
    answer = search(index).by_text("x", "text", Options(limit=2, offset=offset))
    assert [p for p, _ in ranked(answer)] == expected


def test_the_threshold_is_on_the_score_that_ranks():
    index = ListedIndex(text=[("a", 0.9), ("b", 0.5)])
    options = Options(score_threshold=0.6)
    assert ranked(search(index).by_text("x", "text", options)) == [("a", 0.9)]


def test_a_split_text_is_said():
    index = ListedIndex(text=[("a", 0.9)])
    assert "3 parts" in search(index, windows=3).by_text("x", "text", Options()).warnings[0]
    assert search(index).by_text("x", "text", Options()).warnings == ()
