"""Maximal marginal relevance: what holds whatever the scores and vectors are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_code.search.diversity import mmr_rerank

EAST, NORTH = np.array([1.0, 0.0]), np.array([0.0, 1.0])


@st.composite
def rankings(draw):
    """Draws (scores in falling order, a unit vector or None for each)."""
    scores = draw(st.lists(st.floats(0, 1), max_size=12).map(lambda s: sorted(s, reverse=True)))
    angles = draw(st.lists(st.none() | st.floats(0, 6.28), min_size=12, max_size=12))
    vectors = [None if a is None else np.array([np.cos(a), np.sin(a)]) for a in angles]
    return scores, vectors[: len(scores)]


strengths = st.floats(0, 0.99)


@given(rankings(), strengths)
def test_nothing_is_lost_or_doubled(ranking, strength):
    order = mmr_rerank(*ranking, strength)
    assert sorted(order) == list(range(len(order)))
    assert len(order) == len(ranking[0])


@given(rankings(), strengths)
def test_the_best_stays_first(ranking, strength):
    scores = ranking[0]
    assert [scores[at] for at in mmr_rerank(*ranking, strength)[:1]] == scores[:1]


@given(rankings())
def test_at_strength_0_the_scores_decide(ranking):
    assert mmr_rerank(*ranking, 0.0) == list(range(len(ranking[0])))


@given(rankings())
def test_vectors_alike_change_no_order(ranking):
    scores = ranking[0]
    order = mmr_rerank(scores, [EAST] * len(scores), 0.5)
    assert [scores[at] for at in order] == scores


@pytest.mark.parametrize(("strength", "expected"), [(0.1, [0, 1, 2]), (0.6, [0, 2, 1])])
def test_a_twin_falls_behind_what_is_different(strength, expected):
    assert mmr_rerank([0.9, 0.89, 0.6], [EAST, EAST, NORTH], strength) == expected


def test_a_result_without_a_vector_resembles_nothing():
    assert mmr_rerank([0.9, 0.89, 0.6], [EAST, EAST, None], 0.6) == [0, 2, 1]


@pytest.mark.parametrize("unit", [0.01, 1, 50])
def test_the_unit_of_the_scores_does_not_matter(unit):
    scores = [unit * score for score in (0.9, 0.89, 0.6)]
    assert mmr_rerank(scores, [EAST, EAST, NORTH], 0.6) == [0, 2, 1]
