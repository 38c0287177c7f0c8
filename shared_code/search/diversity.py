"""Maximal marginal relevance: results that are good and unlike one another. Pure.

J. Carbonell, J. Goldstein: The use of MMR, diversity-based reranking for reordering documents
and producing summaries. SIGIR 1998.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared_code.domain.products import Vector


def mmr_rerank(
    scores: Sequence[float], vectors: Sequence[Vector | None], strength: float
) -> list[int]:
    """An order of the results, as positions: each next one has the highest
    ``(1 - strength) * score - strength * similarity`` to the closest already chosen.

    Scores are brought to 0..1, and similarities are cosines, so that both weigh alike. A result
    without a vector is like nothing. The best result stays first.
    """
    relevance = _spread(scores)
    closest = [0.0] * len(scores)
    left = list(range(len(scores)))
    order: list[int] = []
    while left:
        at = max(left, key=lambda n: (1 - strength) * relevance[n] - strength * closest[n])
        left.remove(at)
        order.append(at)
        for n in left:
            closest[n] = max(closest[n], _cosine(vectors[at], vectors[n]))
    return order


def _spread(scores: Sequence[float]) -> list[float]:
    if not scores:
        return []
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) if high > low else 1.0 for score in scores]


def _cosine(one: Vector | None, other: Vector | None) -> float:
    return 0.0 if one is None or other is None else float(one @ other)
