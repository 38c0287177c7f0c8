"""One ONNX model: built from a verified file, run under a gate, its vectors checked."""

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
    """Half of the encoder: named inputs -> unit vectors [n, dimension]."""

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

    def vectors(self, feeds: Mapping[str, Any], dimension: int) -> Vectors:
        with self._gate as is_quick:
            session = self._sessions.quick if is_quick else self._sessions.single
            [raw] = session.run([self._output], dict(feeds))
        if raw.ndim != 2 or raw.shape[1] != dimension:
            raise Misconfigured(f"{self._name} gives {raw.shape}, not vectors of {dimension}")
        return unit(raw, self._name)

    def _check_names(self, inputs: set[str], outputs: set[str]) -> None:
        session = self._sessions.quick
        found = {node.name for node in session.get_inputs()}
        if found != inputs or not outputs <= {n.name for n in session.get_outputs()}:
            raise Misconfigured(f"{self._name} has other inputs or outputs than the manifest says")


def unit(raw: Any, source: str) -> Vectors:
    """Rows scaled to length 1, whatever the export promised; Internal where none has one."""
    vectors = np.asarray(raw, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        log.error("%s gave a vector without a direction (zero, infinite or NaN)", source)
        raise Internal
    unit_vectors: Vectors = vectors / lengths
    return unit_vectors
