"""Grouping, fusion and paging, on an index that returns hits from a list."""

from types import SimpleNamespace

import numpy as np
import pytest

from shared_code.domain.errors import Misconfigured, Unavailable, Unprocessable
from shared_code.domain.ports import Embedding, WordQuery
from shared_code.domain.products import (
    Hit,
    ImageRef,
    ModelInfo,
    ProductText,
    ScoreCalibration,
    ScoreCalibrations,
)
from shared_code.domain.sorting import parse_order
from shared_code.search.embeddings import Embeddings
from shared_code.search.query import SearchOptions
from shared_code.search.search import MAX_FETCH, Search


class ListedIndex:
    """Returns a fixed ranking of (product id, score) for each kind of query."""

    def __init__(self, **rankings):
        self.rankings = rankings
        self.limits = []

    def nearest(self, queries, *, limit, where=None):
        self.limits.append(limit)
        return [
            [
                make_hit(product_id, view, score)
                for product_id, score in self.rankings.get(view, [])
            ][:limit]
            for view in map(get_view, queries)
        ]

    def groups(self, groups):
        return {}

    def vectors(self, refs):
        return {ref: VECTORS[ref.product_id] for ref in refs if ref.product_id in VECTORS}

    def images_of(self, product_ids):
        return {p: (ImageRef(f"{p}/a.png", f"{p}/a.png"),) for p in product_ids}


VECTORS = {
    "a": np.array([1.0, 0.0]),
    "a2": np.array([0.999, 0.045]),
    "b": np.array([0.0, 1.0]),
}


def get_view(query):
    return "lexical" if isinstance(query, WordQuery) else query.kind


def make_hit(product_id, view, score):
    kind = "text" if view == "lexical" else view
    image = (
        ImageRef(f"{product_id}/best.png", f"{product_id}/best.png") if kind == "image" else None
    )
    metadata = {"price": ord(product_id[0])} if product_id != "b" else {}
    return Hit(ProductText(product_id, product_id, "", metadata), kind, score, image)


MODEL = ModelInfo(
    "m",
    "fp32",
    2,
    "0" * 12,
    scales=ScoreCalibrations(ScoreCalibration(0.1, 0.5), ScoreCalibration(0.1, 0.5)),
)


def make_search(index, *, windows=1, model=MODEL, fails=None):
    def encode_texts(texts):
        if fails is not None:
            raise fails
        return [Embedding(None, windows)]

    return Search(Embeddings(SimpleNamespace(encode_texts=encode_texts, model=model), []), index)


def rank_scores(result):
    return [(r.product.product_id, round(r.score, 3)) for r in result.results]


def test_both_views_are_weighed():
    index = ListedIndex(image=[("a", 0.4), ("b", 0.3)], text=[("a", 0.9), ("b", 0.8)])
    result = make_search(index).by_text("x", "auto", SearchOptions())
    assert rank_scores(result) == [("a", 0.7), ("b", 0.6)]
    assert result.results[0].scores == {"image": 0.4, "text": 0.9}


def test_a_product_that_one_view_does_not_know_gets_that_views_last_score():
    index = ListedIndex(image=[("a", 0.5), ("b", 0.1)], text=[("c", 0.9), ("a", 0.6)])
    result = make_search(index).by_text("x", "auto", SearchOptions())
    assert rank_scores(result) == [("c", 0.58), ("a", 0.56), ("b", 0.4)]
    assert result.results[0].scores == {"text": 0.9}


def test_without_any_picture_words_alone_decide():
    index = ListedIndex(image=[], text=[("a", 0.9), ("b", 0.5)])
    assert rank_scores(make_search(index).by_text("x", "auto", SearchOptions())) == [
        ("a", 0.54),
        ("b", 0.3),
    ]


def test_a_product_counts_once_with_its_best_picture():
    index = ListedIndex(image=[("a", 0.9), ("a", 0.8), ("b", 0.7), ("a", 0.6)])
    result = make_search(index).by_text("x", "image", SearchOptions())
    assert rank_scores(result) == [("a", 0.9), ("b", 0.7)]
    assert result.results[0].image.blob == "a/best.png"


def test_many_pictures_of_one_product_do_not_crowd_out_the_others():
    crowd = [("a", 0.9)] * 200 + [("b", 0.5), ("c", 0.4)]
    index = ListedIndex(image=crowd)
    result = make_search(index).by_text("x", "image", SearchOptions(limit=3))
    assert [p for p, _ in rank_scores(result)] == ["a", "b", "c"]
    assert index.limits[0] < 200 < index.limits[-1]


def test_fetching_deeper_ends():
    index = ListedIndex(image=[("a", 0.9)] * (2 * MAX_FETCH))
    assert len(make_search(index).by_text("x", "image", SearchOptions(limit=3)).results) == 1
    assert index.limits[-1] == MAX_FETCH


@pytest.mark.parametrize(("offset", "expected"), [(0, ["a", "b"]), (2, ["c"]), (3, [])])
def test_pages(offset, expected):
    index = ListedIndex(text=[("a", 0.9), ("b", 0.8), ("c", 0.7)])
    result = make_search(index).by_text("x", "text", SearchOptions(limit=2, offset=offset))
    assert [p for p, _ in rank_scores(result)] == expected


def test_the_threshold_is_on_the_score_that_ranks():
    index = ListedIndex(text=[("a", 0.9), ("b", 0.5)])
    options = SearchOptions(score_threshold=0.6)
    assert rank_scores(make_search(index).by_text("x", "text", options)) == [("a", 0.9)]


def test_a_split_text_has_a_warning():
    index = ListedIndex(text=[("a", 0.9)])
    assert (
        "3 parts" in make_search(index, windows=3).by_text("x", "text", SearchOptions()).warnings[0]
    )
    assert make_search(index).by_text("x", "text", SearchOptions()).warnings == ()


@pytest.mark.parametrize("why", [Unavailable("loads", retry_after_s=7), Misconfigured("broken")])
@pytest.mark.parametrize("mode", ["auto", "image", "text"])
def test_without_the_model_the_search_is_by_words_and_says_so(why, mode):
    index = ListedIndex(lexical=[("a", 3.2), ("b", 1.0)])
    result = make_search(index, fails=why).by_text("red dress", mode, SearchOptions())
    assert rank_scores(result) == [("a", 3.2), ("b", 1.0)]
    assert result.mode == "lexical"
    assert str(why) in result.degraded.reason
    assert result.degraded.retry_after_s == why.retry_after_s


def test_words_alone_need_no_model():
    index = ListedIndex(lexical=[("a", 3.2)])
    result = make_search(index, fails=Unavailable()).by_text("red", "lexical", SearchOptions())
    assert rank_scores(result) == [("a", 3.2)]
    assert result.degraded is None


def test_words_that_the_model_does_not_know_are_searched_as_they_are():
    index = ListedIndex(lexical=[("a", 3.2)])
    result = make_search(index, fails=Unprocessable("unknown")).by_text(
        "SKU-1", "auto", SearchOptions()
    )
    assert rank_scores(result) == [("a", 3.2)]
    assert "unknown" in result.warnings[0]


def test_unknown_words_do_not_silence_the_other_warnings():
    index = ListedIndex(lexical=[("a", 3.2)])
    options = SearchOptions(hidden=frozenset({"a"}))
    result = make_search(index, fails=Unprocessable("unknown")).by_text("SKU-1", "auto", options)
    assert len(result.warnings) == 2
    assert "hidden" in result.warnings[1]


@pytest.mark.parametrize("text", ["", " ", "?!", "—", "👗"])
def test_a_query_without_a_word_is_refused(text):
    with pytest.raises(Unprocessable):
        make_search(ListedIndex()).by_text(text, "auto", SearchOptions())


def test_results_that_are_no_match_are_cut_off():
    good = ListedIndex(text=[("a", 0.6), ("b", 0.5), ("c", 0.3), ("d", 0.1)])
    result = make_search(good).by_text("x", "text", SearchOptions(cutoff=True))
    assert [p for p, _ in rank_scores(result)] == ["a", "b"]
    nonsense = ListedIndex(text=[("a", 0.2), ("b", 0.19), ("c", 0.15)])
    assert make_search(nonsense).by_text("asdfgh", "text", SearchOptions(cutoff=True)).results == ()
    assert len(make_search(nonsense).by_text("asdfgh", "text", SearchOptions()).results) == 3


def test_words_are_cut_off_by_the_best_of_them():
    index = ListedIndex(lexical=[("a", 8.0), ("b", 6.0), ("c", 1.0)])
    result = make_search(index).by_text("x", "lexical", SearchOptions(cutoff=True))
    assert [p for p, _ in rank_scores(result)] == ["a", "b"]


def test_a_model_without_scales_cuts_nothing_off_and_says_so():
    index = ListedIndex(text=[("a", 0.2), ("b", 0.1)])
    unscaled = ModelInfo("m", "fp32", 2, "0" * 12)
    result = make_search(index, model=unscaled).by_text("x", "text", SearchOptions(cutoff=True))
    assert len(result.results) == 2
    assert "Nothing was cut off" in result.warnings[0]


def test_excluded_products_make_room_for_others():
    index = ListedIndex(text=[("a", 0.9), ("b", 0.8), ("c", 0.7)])
    options = SearchOptions(limit=2, exclude=frozenset({"a"}))
    assert [p for p, _ in rank_scores(make_search(index).by_text("x", "text", options))] == [
        "b",
        "c",
    ]


def test_diversity_puts_the_twin_of_the_best_last():
    index = ListedIndex(image=[("a", 0.9), ("a2", 0.89), ("b", 0.6)])
    plain = make_search(index).by_text("x", "image", SearchOptions())
    diverse = make_search(index).by_text("x", "image", SearchOptions(diversity=0.6))
    assert [p for p, _ in rank_scores(plain)] == ["a", "a2", "b"]
    assert [p for p, _ in rank_scores(diverse)] == ["a", "b", "a2"]


def test_sorting_keeps_the_hits_and_puts_those_without_a_value_last():
    index = ListedIndex(text=[("c", 0.9), ("b", 0.8), ("a", 0.7)])
    options = SearchOptions(order=parse_order("price", {"price": "number"}))
    assert [p for p, _ in rank_scores(make_search(index).by_text("x", "text", options))] == [
        "a",
        "c",
        "b",
    ]
    falling = SearchOptions(order=parse_order("-price", {"price": "number"}))
    assert [p for p, _ in rank_scores(make_search(index).by_text("x", "text", falling))] == [
        "c",
        "a",
        "b",
    ]


def test_words_in_common_tip_the_balance_and_the_best_of_them_counts_one():
    index = ListedIndex(
        image=[("a", 0.3), ("b", 0.3)], text=[("a", 0.5), ("b", 0.5)], lexical=[("b", 9), ("c", 3)]
    )
    result = make_search(index).by_text("x", "auto", SearchOptions())
    assert rank_scores(result) == [("b", 0.52), ("c", 0.453), ("a", 0.42)]


def test_each_part_of_a_score_is_in_the_result():
    index = ListedIndex(image=[("b", 0.4), ("a", 0.3)], text=[("a", 0.9), ("b", 0.2)])
    result = make_search(index).by_text("x", "auto", SearchOptions())
    assert result.weights == {"image": 0.4, "text": 0.6, "lexical": 0.1}
    assert result.candidates == {"image": 2, "text": 2, "lexical": 0}
    assert [r.matches["image"].rank for r in result.results] == [2, 1]
