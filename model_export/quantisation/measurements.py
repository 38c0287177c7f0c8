"""How near a quantised tower is to its float32 self, and how well it finds things."""

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
class Nearness:
    """Against float32: cosines per item, and how much of each top 10 stays."""

    cosine_mean: float
    cosine_min: float
    overlap: float


def session(model: bytes, threads: int = THREADS) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def vectors(tower: ort.InferenceSession, items: Sequence[Feeds]) -> Floats:
    """One item at a time, as a search does it: int8 ranges are per run."""
    output = tower.get_outputs()[0].name
    return np.concatenate([tower.run([output], item)[0] for item in items])


def milliseconds(tower: ort.InferenceSession, item: Feeds) -> float:
    """The shortest of some warm runs: what the work takes when nothing else runs."""
    output = tower.get_outputs()[0].name
    tower.run([output], item)
    return min(_timed(lambda: tower.run([output], item)) for _ in range(TIMED_RUNS))


def nearness(candidate: Floats, reference: Floats, among: Floats | None = None) -> Nearness:
    """``among``: what the top 10 are taken from; None: the other items of the same tower."""
    cosines = (candidate * reference).sum(axis=1)
    overlaps = [
        len(set(one) & set(other)) / len(one)
        for one, other in zip(_tops(candidate, among), _tops(reference, among), strict=True)
    ]
    return Nearness(float(cosines.mean()), float(cosines.min()), float(np.mean(overlaps)))


def worse(one: Nearness, other: Nearness) -> Nearness:
    """The lower of each figure."""
    return Nearness(
        min(one.cosine_mean, other.cosine_mean),
        min(one.cosine_min, other.cosine_min),
        min(one.overlap, other.overlap),
    )


def recall(texts: Floats, images: Floats, shown: Sequence[int]) -> dict[str, float]:
    """R@1/5/10 in percent: how often a caption's own picture is among the first k."""
    scores = texts @ images.T
    own = scores[np.arange(len(texts)), list(shown)]
    ranks = (scores >= own[:, None]).sum(axis=1) - 1  # a tie counts against it
    return {f"at_{k}": round(100 * float((ranks < k).mean()), 1) for k in (1, 5, TOP)}


def _tops(items: Floats, among: Floats | None) -> Any:
    scores = items @ (items if among is None else among).T
    if among is None:
        np.fill_diagonal(scores, -np.inf)
    return np.argsort(-scores, axis=1)[:, :TOP]


def _timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)
