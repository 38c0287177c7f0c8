"""Where a ranking is cut off: what holds whatever the scores are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_code.domain.products import ScoreCalibration
from shared_code.search.cutoff import LEAST_EVIDENCE, LEAST_OF_BEST, count_above_cutoff

SCALE = ScoreCalibration(0.1, 0.5)
falling_scores = st.lists(st.floats(-1, 1), max_size=30).map(lambda s: sorted(s, reverse=True))


def make_score(evidence):
    return SCALE.unrelated + evidence * (SCALE.match - SCALE.unrelated)


@pytest.mark.parametrize("scores", [[], [0.1], [0.1, 0.1, 0.1], [-0.9, -1.0]])
def test_unrelated_results_are_all_cut_off(scores):
    assert count_above_cutoff(scores, SCALE) == 0


@pytest.mark.parametrize("count", [1, 3, 100])
def test_no_match_is_cut_off(count):
    assert count_above_cutoff([SCALE.match] * count, SCALE) == count


def test_least_evidence_is_the_cutoff_where_the_best_is_a_usual_match():
    above, below = LEAST_EVIDENCE + 0.01, LEAST_EVIDENCE - 0.01
    assert count_above_cutoff([make_score(1.0), make_score(above), make_score(below)], SCALE) == 2


def test_beside_an_outstanding_best_a_usual_match_is_the_tail():
    best = 1.1 / LEAST_OF_BEST
    assert count_above_cutoff([make_score(best), make_score(1.0)], SCALE) == 1


@given(falling_scores)
def test_results_above_the_cutoff_score_more_than_those_below(scores):
    count = count_above_cutoff(scores, SCALE)
    assert 0 <= count <= len(scores)
    assert all(score > SCALE.unrelated for score in scores[:count])
    assert count == 0 or count == len(scores) or scores[count] < scores[count - 1]


@given(falling_scores, st.floats(-1, 1))
def test_another_score_at_the_end_removes_none(scores, more):
    longer = [*scores, min([more, *scores[-1:]])]
    assert (
        count_above_cutoff(scores, SCALE)
        <= count_above_cutoff(longer, SCALE)
        <= count_above_cutoff(scores, SCALE) + 1
    )


@given(st.lists(st.integers(-8, 8), max_size=20), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_scores_and_scale_in_another_unit_keep_the_same(levels, unit):
    scores = [level / 8 for level in sorted(levels, reverse=True)]
    scaled = ScoreCalibration(SCALE.unrelated * unit, SCALE.match * unit)
    assert count_above_cutoff([score * unit for score in scores], scaled) == count_above_cutoff(
        scores, SCALE
    )
