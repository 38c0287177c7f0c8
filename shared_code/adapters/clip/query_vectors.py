"""Vectors that callers bring, for those who embed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shared_code.domain.errors import Unprocessable

if TYPE_CHECKING:
    from shared_code.domain.products import Vector


def given_vector(numbers: Sequence[float], dimension: int) -> Vector:
    """As a unit vector. Raises Unprocessable unless it has the dimension and a direction."""
    if len(numbers) != dimension:
        raise _problem(f"has {len(numbers)} numbers; this model's vectors have {dimension}")
    vector = np.asarray(numbers, np.float64)
    with np.errstate(over="ignore"):  # then the length is infinite
        length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < np.finfo(np.float32).tiny:
        raise _problem("has no direction: its numbers are all zero, or too large")
    unit: Vector = (vector / length).astype(np.float32)
    return unit


def _problem(message: str) -> Unprocessable:
    return Unprocessable.at("vector", message)
