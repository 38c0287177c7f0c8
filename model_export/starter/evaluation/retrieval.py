"""Retrieval metrics in plain numpy: ranks, recall@k and nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_export.starter.arrays import Floats

Ranks = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Recall:
    """Percentages of queries with a right picture in the first 1, 5, 10."""

    at_1: float
    at_5: float
    at_10: float
    median_rank: float
    queries: int
    pictures: int


def compute_recall(ranks: Ranks, pictures: int) -> Recall:
    at_1, at_5, at_10 = (round(100 * float((ranks <= depth).mean()), 1) for depth in (1, 5, 10))
    return Recall(at_1, at_5, at_10, float(np.median(ranks)), len(ranks), pictures)


def rank_by_key(texts: Floats, images: Floats, keys: Sequence[str]) -> dict[str, int]:
    """Returns for each key's first text the rank (from 1) of the best picture with that key."""
    labels = np.array(keys)
    first_rows = {key: row for row, key in reversed(list(enumerate(keys)))}
    return {key: _rank_best(images @ texts[row], labels == key) for key, row in first_rows.items()}


def rank_pairs(texts: Floats, images: Floats) -> Ranks:
    """Returns the rank of picture i for text i, to which no other picture belongs."""
    scores = texts @ images.T
    return np.asarray((scores > scores.diagonal()[:, None]).sum(axis=1) + 1, np.int64)


def measure_neighbours(images: Floats, keys: Sequence[str]) -> tuple[float, int]:
    """Returns how many per cent of the pictures with a twin (same key) have one nearest.

    The second value is the number of pictures with a twin.
    """
    labels = np.array(keys)
    twins = (labels[:, None] == labels).sum(axis=1) > 1
    scores = images @ images.T
    np.fill_diagonal(scores, -np.inf)
    has_twin_nearest = labels[scores.argmax(axis=1)] == labels
    return round(100 * float(has_twin_nearest[twins].mean()), 1), int(twins.sum())


def compute_median_scores(texts: Floats, images: Floats, keys: Sequence[str]) -> dict[str, float]:
    """Returns median cosines: of right pairs, of all others, between texts and between pictures."""
    labels = np.array(keys)
    scores = texts @ images.T
    is_match = labels[:, None] == labels
    return {
        "unrelated": round(float(np.median(scores[~is_match])), 3),
        "match": round(float(np.median(scores.diagonal())), 3),
        "unrelated_texts": round(float(np.median((texts @ texts.T)[~is_match])), 3),
        "unrelated_images": round(float(np.median((images @ images.T)[~is_match])), 3),
    }


def _rank_best(scores: Floats, is_right: npt.NDArray[np.bool_]) -> int:
    return int((scores > scores[is_right].max()).sum()) + 1
