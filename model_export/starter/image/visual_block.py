"""The visual block: the directions in which the backbone's features differ most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model_export.starter.arrays import Floats
from model_export.starter.layout import VISUAL


@dataclass(frozen=True, slots=True)
class VisualProjection:
    mean: Floats  # [1280]
    matrix: Floats  # [112, 1280], applied to features minus the mean


def fit_visual_projection(features: Floats) -> VisualProjection:
    """Returns the PCA of standardised features [n, 1280].

    Each component is divided by the fourth root of its variance: half-way between plain PCA, which
    is dominated by the strongest directions, and whitening, which would amplify noise.
    """
    mean = features.mean(axis=0)
    deviation = features.std(axis=0) + 1e-3
    standard = np.asarray((features - mean) / deviation, np.float64)
    variances, directions = np.linalg.eigh(standard.T @ standard / len(standard))
    strongest = np.argsort(variances)[::-1][:VISUAL]
    components = directions[:, strongest] / variances[strongest] ** 0.25
    return VisualProjection(
        mean=np.asarray(mean, np.float32),
        matrix=np.asarray(_fix_signs(components).T / deviation, np.float32),
    )


def _fix_signs(components: np.ndarray) -> np.ndarray:
    """Makes each direction's largest entry positive: eigh leaves signs open, rebuilds need them."""
    largest = np.abs(components).argmax(axis=0)
    signs = np.sign(components[largest, np.arange(components.shape[1])])
    return np.asarray(components * signs)
