"""Array types and the one operation every block needs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def unit(vectors: npt.NDArray[np.floating]) -> Floats:
    """Rows scaled to length 1; a zero row stays zero. [..., d] -> [..., d]."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)
