"""Measures a quantised tower: agreement with float32, recall, and time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort

if TYPE_CHECKING:
    from model_export.layers import Floats
    from model_export.source import Feeds

TOP = 10
THREADS = 2
TIMED_RUNS = 9


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement with float32: cosines per item, and the share of each top 10 that stays."""

    cosine_mean: float
    cosine_min: float
    overlap: float


def open_session(model: bytes, threads: int = THREADS) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def embed_items(tower: ort.InferenceSession, items: Sequence[Feeds]) -> Floats:
    """Returns the vectors of the items, each of them one run: int8 ranges depend on the run."""
    output = tower.get_outputs()[0].name
    return np.concatenate([tower.run([output], item)[0] for item in items])


def measure_milliseconds(tower: ort.InferenceSession, item: Feeds) -> float:
    """Returns the time of the shortest of some warm runs, which other work disturbed least."""
    output = tower.get_outputs()[0].name
    tower.run([output], item)
    return min(_time_call(lambda: tower.run([output], item)) for _ in range(TIMED_RUNS))


def compare_vectors(
    candidate: Floats, reference: Floats, candidates: Floats | None = None
) -> Agreement:
    """Both arrays are unit vectors [n, dimension], row by row of the same items.

    ``candidates`` are ranked for the top 10; None: the other items of the same tower.
    """
    cosines = (candidate * reference).sum(axis=1)
    overlaps = [
        len(set(top) & set(reference_top)) / len(top)
        for top, reference_top in zip(
            _rank_top(candidate, candidates), _rank_top(reference, candidates), strict=True
        )
    ]
    return Agreement(float(cosines.mean()), float(cosines.min()), float(np.mean(overlaps)))


def take_lower(first: Agreement, second: Agreement) -> Agreement:
    """Returns the lower of each figure."""
    return Agreement(
        min(first.cosine_mean, second.cosine_mean),
        min(first.cosine_min, second.cosine_min),
        min(first.overlap, second.overlap),
    )


def measure_recall(
    texts: Floats, images: Floats, caption_pictures: Sequence[int]
) -> dict[str, float]:
    """Returns R@1/5/10 in percent: how often a caption's own picture is among the first k."""
    scores = texts @ images.T
    own = scores[np.arange(len(texts)), list(caption_pictures)]
    ranks = (scores >= own[:, None]).sum(axis=1) - 1  # a tie counts against it
    return {f"at_{k}": round(100 * float((ranks < k).mean()), 1) for k in (1, 5, TOP)}


def _rank_top(items: Floats, candidates: Floats | None) -> Any:
    scores = items @ (items if candidates is None else candidates).T
    if candidates is None:
        np.fill_diagonal(scores, -np.inf)
    return np.argsort(-scores, axis=1)[:, :TOP]


def _time_call(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)
