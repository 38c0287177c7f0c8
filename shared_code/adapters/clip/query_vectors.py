"""Query vectors that callers send, because they embed their queries elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shared_code.domain.errors import Unprocessable

if TYPE_CHECKING:
    from shared_code.domain.products import Vector


def normalise_query_vector(numbers: Sequence[float], dimension: int) -> Vector:
    """Scales the vector to length 1. Raises Unprocessable for another dimension or no direction."""
    if len(numbers) != dimension:
        raise _vector_error(f"has {len(numbers)} numbers; this model's vectors have {dimension}")
    vector = np.asarray(numbers, np.float64)
    with np.errstate(over="ignore"):  # then the length is infinite
        length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < np.finfo(np.float32).tiny:
        raise _vector_error("has no direction: its numbers are all zero, or too large")
    unit: Vector = (vector / length).astype(np.float32)
    return unit


def _vector_error(message: str) -> Unprocessable:
    return Unprocessable.at("vector", message)
