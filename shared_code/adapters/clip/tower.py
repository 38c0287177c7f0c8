"""One ONNX session: built from a verified file, run under a gate, its vectors checked."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort

from shared_code.adapters.clip.providers import CPU, check_started, usable
from shared_code.core.errors import Internal, Misconfigured

if TYPE_CHECKING:
    from shared_code.core.products import Vectors

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """How a session runs its model."""

    threads: int = 0
    """0: as many as there are cores."""
    providers: Sequence[str] = (CPU,)
    """In the order in which they are tried."""
    precision: str = ""
    """The bundle's, for a warning where it does not go with the provider."""


class Tower:
    """Half of the encoder: named inputs -> unit vectors [n, dimension]."""

    def __init__(
        self,
        path: Path,
        *,
        inputs: Sequence[str],
        output: str,
        running: Session,
        gate: AbstractContextManager[Any],
    ) -> None:
        self._name = path.name
        self._output = output
        self._gate = gate
        try:
            providers = usable(running.providers)
            self._session = ort.InferenceSession(
                path, _options(running.threads), providers=providers
            )
            check_started(self._session, providers, running.precision)
        except Misconfigured:
            raise
        except Exception as exc:  # onnxruntime's own classes share no base but this
            log.exception("%s cannot be loaded", path.name)
            raise Misconfigured(f"{path.name} cannot be loaded: export the bundle again") from exc
        self._check_names(set(inputs), {output})

    def vectors(self, feeds: Mapping[str, Any], dimension: int) -> Vectors:
        with self._gate:
            [raw] = self._session.run([self._output], dict(feeds))
        if raw.ndim != 2 or raw.shape[1] != dimension:
            raise Misconfigured(f"{self._name} gives {raw.shape}, not vectors of {dimension}")
        return unit(raw, self._name)

    def _check_names(self, inputs: set[str], outputs: set[str]) -> None:
        found = {node.name for node in self._session.get_inputs()}
        if found != inputs or not outputs <= {n.name for n in self._session.get_outputs()}:
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


def usable_cpus() -> int:
    """CPUs this process may run on, which in a container are fewer than the machine's."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(allowed or 1, _quota_cpus(Path("/sys/fs/cgroup/cpu.max")) or allowed or 1)


def _quota_cpus(cpu_max: Path) -> int | None:
    """The container's CPU quota (cgroup v2), rounded up; None without one."""
    try:
        quota, period = cpu_max.read_text().split()
        return max(1, -(-int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max"
        return None


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    # said explicitly: the default pins threads to cores, which fails under a cpuset
    # (microsoft/onnxruntime#8313)
    options.intra_op_num_threads = threads or usable_cpus()
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # spinning on after a run, as it does by default, holds a core that ingestion's other work waits
    # for; spinning while a run goes on is what makes a lone picture quick
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3  # errors: its warnings are about the graph, not the request
    return options
