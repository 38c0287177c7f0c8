"""What a like does to a ranking: a little, measured by what the scores mean."""

import pytest

from shared_code.domain.products import ProductText, ScoreCalibration
from shared_code.search.ranking import Result, boost_liked


def order(scores, liked, scale=None):
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
def test_it_passes_what_is_hardly_better_and_no_more(scores, scale):
    assert order(scores, ["b"], scale) == ["b", "a", "c"]
    assert order(scores, ["c"], scale) == ["a", "b", "c"]
    assert order(scores, ["elsewhere"], scale) == ["a", "b", "c"]


def test_among_scores_near_each_other_that_mean_something_it_is_no_trump():
    """0.82 of 0.9 is 9 % less, but a third of the way to unrelated things."""
    assert order({"a": 0.9, "b": 0.82}, ["b"], ScoreCalibration(0.65, 0.9)) == ["a", "b"]


def test_of_equals_the_liked_one_is_first():
    assert order({"a": 0.5, "b": 0.5}, ["b"], ScoreCalibration(0.1, 0.5)) == ["b", "a"]
    assert order({"a": 0.1, "b": 0.1}, ["b"], ScoreCalibration(0.1, 0.5)) == ["b", "a"]
    assert order({}, ["b"]) == []
