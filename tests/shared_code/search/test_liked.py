"""A like raises a product a little, measured by what the scores mean."""

import pytest

from shared_code.domain.products import ProductText, ScoreCalibration
from shared_code.search.ranking import Result, boost_liked


def rank_ids(scores, liked, scale=None):
    results = [Result(ProductText(i, i, "", {}), score) for i, score in scores.items()]
    return [result.product.product_id for result in boost_liked(results, frozenset(liked), scale)]


@pytest.mark.parametrize(
    ("scores", "scale"),
    [
        ({"a": 0.30, "b": 0.295, "c": 0.1}, ScoreCalibration(0.1, 0.3)),
        (
            {"a": 0.90, "b": 0.895, "c": 0.6},
            ScoreCalibration(0.6, 0.9),
        ),  # same meaning, other numbers
        ({"a": 12.0, "b": 11.5, "c": 0.5}, ScoreCalibration(0.0, 12.0)),
        ({"a": -0.1, "b": -0.11, "c": -0.9}, None),
    ],
)
def test_a_liked_product_passes_those_that_are_hardly_better_and_no_more(scores, scale):
    assert rank_ids(scores, ["b"], scale) == ["b", "a", "c"]
    assert rank_ids(scores, ["c"], scale) == ["a", "b", "c"]
    assert rank_ids(scores, ["elsewhere"], scale) == ["a", "b", "c"]


def test_a_liked_product_does_not_pass_a_clearly_better_one():
    """0.82 is only 9 % less than 0.9, but a third of the way to unrelated results."""
    assert rank_ids({"a": 0.9, "b": 0.82}, ["b"], ScoreCalibration(0.65, 0.9)) == ["a", "b"]


def test_among_equals_the_liked_product_is_first():
    assert rank_ids({"a": 0.5, "b": 0.5}, ["b"], ScoreCalibration(0.1, 0.5)) == ["b", "a"]
    assert rank_ids({"a": 0.1, "b": 0.1}, ["b"], ScoreCalibration(0.1, 0.5)) == ["b", "a"]
    assert rank_ids({}, ["b"]) == []
