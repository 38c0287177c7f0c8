"""The array type, and the normalisation that every block needs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def normalise_rows(vectors: npt.NDArray[np.floating]) -> Floats:
    """Scales rows to length 1; a zero row stays zero. [..., d] -> [..., d]."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)
