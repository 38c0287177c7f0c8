"""Where an answer ends: what does not answer the query is better not shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared_code.domain.products import ScoreCalibration

LEAST_EVIDENCE = 0.6
"""Of a result, where 0 is a score of unrelated things and 1 one of a usual match."""

LEAST_OF_BEST = 0.5
"""Of the best result's evidence: below it is the tail."""


def count_above_cutoff(scores: Sequence[float], scale: ScoreCalibration) -> int:
    """How many results to keep, of scores in falling order.

    benchmarks/results/relevance.md says what both limits remove and what they cost.
    """
    span = scale.match - scale.unrelated
    if not scores or span <= 0:  # a model that does not tell one from the other cuts nothing
        return len(scores)
    evidence = [(score - scale.unrelated) / span for score in scores]
    least = max(LEAST_EVIDENCE, LEAST_OF_BEST * evidence[0])
    return sum(1 for each in evidence if each >= least)
