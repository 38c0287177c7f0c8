"""One ONNX model: loaded from a verified file, run behind the gate, its vectors checked."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shared_code.adapters.clip.sessions import Sessions, SessionSpec
from shared_code.domain.errors import Internal, Misconfigured

if TYPE_CHECKING:
    from shared_code.domain.products import Vectors

log = logging.getLogger(__name__)


class Tower:
    """The image half or the text half of the encoder."""

    def __init__(
        self,
        path: Path,
        *,
        inputs: Sequence[str],
        output: str,
        spec: SessionSpec,
        gate: AbstractContextManager[bool],
    ) -> None:
        self._name = path.name
        self._output = output
        self._gate = gate
        self._sessions = Sessions(path, spec)
        self._check_names(set(inputs), {output})

    def embed(self, feeds: Mapping[str, Any], dimension: int) -> Vectors:
        """Runs the model on inputs by name; returns unit vectors, float32 [n, dimension]."""
        with self._gate as use_all_cores:
            session = self._sessions.all_cores if use_all_cores else self._sessions.one_core
            [raw] = session.run([self._output], dict(feeds))
        if raw.ndim != 2 or raw.shape[1] != dimension:
            raise Misconfigured(f"{self._name} returns {raw.shape}, not vectors of {dimension}")
        return normalise_rows(raw, self._name)

    def _check_names(self, inputs: set[str], outputs: set[str]) -> None:
        session = self._sessions.all_cores
        model_inputs = {node.name for node in session.get_inputs()}
        model_outputs = {node.name for node in session.get_outputs()}
        if model_inputs != inputs or not outputs <= model_outputs:
            raise Misconfigured(f"{self._name} has other inputs or outputs than the manifest says")


def normalise_rows(raw: Any, source: str) -> Vectors:
    """Scales each row to length 1, whatever the export promised. Raises Internal for a row without
    a direction; ``source`` says in the log where it came from."""
    vectors = np.asarray(raw, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        log.error("%s returned a vector without a direction (zero, infinite or NaN)", source)
        raise Internal
    unit_vectors: Vectors = vectors / lengths
    return unit_vectors
