"""onnxruntime's sessions of one model file: one with a thread per core, and one with one thread."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import onnxruntime as ort

from shared_code.adapters.clip.providers import CPU, check_started, select_providers
from shared_code.domain.errors import Misconfigured

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """How a model is run."""

    threads: int = 0
    """0: as many as there are cores."""
    providers: Sequence[str] = (CPU,)
    """Execution providers, in the order in which they are tried."""
    precision: str = ""
    """The bundle's; used for a warning where it does not suit the provider."""


class Sessions:
    """Several threads make a single run quick. Beside other runs they wait for one another's cores:
    then one thread per run does more (benchmarks/threads.py), with the same result but for
    rounding. Each session has weights of its own, so the second is created when first needed."""

    def __init__(self, path: Path, spec: SessionSpec) -> None:
        """Raises Misconfigured for a file that is not a model, or an unavailable provider."""
        self._path = path
        self._lock = Lock()
        self._one_core: ort.InferenceSession | None = None
        try:
            self._providers = select_providers(spec.providers)
            threads = spec.threads or count_usable_cpus()
            self.all_cores = self._create_session(threads)
            check_started(self.all_cores, self._providers, spec.precision)
        except Misconfigured:
            raise
        except Exception as exc:  # onnxruntime's own classes share no base but this
            log.exception("%s cannot be loaded", path.name)
            raise Misconfigured(f"{path.name} cannot be loaded: export the bundle again") from exc
        if threads == 1 or self.all_cores.get_providers()[0] != CPU:
            self._one_core = self.all_cores

    @property
    def one_core(self) -> ort.InferenceSession:
        """The session with one thread; the other one where runs do not compete for cores."""
        with self._lock:
            if self._one_core is None:
                self._one_core = self._create_one_core_session()
            return self._one_core

    def _create_one_core_session(self) -> ort.InferenceSession:
        try:
            return self._create_session(1)
        except Exception:  # for lack of memory, say: the other session gives the same results
            log.exception("%s runs on all cores only", self._path.name)
            return self.all_cores

    def _create_session(self, threads: int) -> ort.InferenceSession:
        return ort.InferenceSession(
            self._path, _session_options(threads), providers=self._providers
        )


def count_usable_cpus() -> int:
    """Returns how many CPUs this process may use: in a container, fewer than the machine has."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(allowed or 1, _read_cpu_quota(Path("/sys/fs/cgroup/cpu.max")) or allowed or 1)


def _read_cpu_quota(cpu_max: Path) -> int | None:
    """Returns the container's CPU quota (cgroup v2), rounded up; None without one."""
    try:
        quota, period = cpu_max.read_text().split()
        return max(1, -(-int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max"
        return None


def _session_options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    # set explicitly: the default pins threads to cores, which fails under a cpuset
    # (microsoft/onnxruntime#8313)
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # spinning on after a run, as it does by default, holds a core that ingestion's other work waits
    # for; spinning during a run is what makes a single picture quick
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3  # errors: its warnings are about the graph, not the request
    return options
