"""How well vectors find each other: ranks, recall@k and nearest neighbours, in plain numpy."""

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


def recall(ranks: Ranks, pictures: int) -> Recall:
    at_1, at_5, at_10 = (round(100 * float((ranks <= depth).mean()), 1) for depth in (1, 5, 10))
    return Recall(at_1, at_5, at_10, float(np.median(ranks)), len(ranks), pictures)


def ranks_by_key(texts: Floats, images: Floats, keys: Sequence[str]) -> dict[str, int]:
    """One query per key, its first text: the rank (from 1) of the best picture with that key."""
    labels = np.array(keys)
    first_rows = {key: row for row, key in reversed(list(enumerate(keys)))}
    return {key: _best_rank(images @ texts[row], labels == key) for key, row in first_rows.items()}


def paired_ranks(texts: Floats, images: Floats) -> Ranks:
    """Text i is right for picture i alone: its rank among all pictures."""
    scores = texts @ images.T
    return np.asarray((scores > scores.diagonal()[:, None]).sum(axis=1) + 1, np.int64)


def same_key_neighbours(images: Floats, keys: Sequence[str]) -> tuple[float, int]:
    """Of the pictures with a twin (same key): per cent whose nearest is one, and their number."""
    labels = np.array(keys)
    twins = (labels[:, None] == labels).sum(axis=1) > 1
    scores = images @ images.T
    np.fill_diagonal(scores, -np.inf)
    found = labels[scores.argmax(axis=1)] == labels
    return round(100 * float(found[twins].mean()), 1), int(twins.sum())


def median_scores(texts: Floats, images: Floats, keys: Sequence[str]) -> dict[str, float]:
    """Median cosine of right pairs and of all others, of texts and of pictures with others."""
    labels = np.array(keys)
    scores = texts @ images.T
    is_match = labels[:, None] == labels
    return {
        "unrelated": round(float(np.median(scores[~is_match])), 3),
        "match": round(float(np.median(scores.diagonal())), 3),
        "unrelated_texts": round(float(np.median((texts @ texts.T)[~is_match])), 3),
        "unrelated_images": round(float(np.median((images @ images.T)[~is_match])), 3),
    }


def _best_rank(scores: Floats, is_right: npt.NDArray[np.bool_]) -> int:
    return int((scores > scores[is_right].max()).sum()) + 1
