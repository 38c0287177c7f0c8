"""onnxruntime's sessions of one model file: with a thread for each core, and with one thread."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import onnxruntime as ort

from shared_code.adapters.clip.providers import CPU, check_started, usable
from shared_code.domain.errors import Misconfigured

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """How a model is run."""

    threads: int = 0
    """0: as many as there are cores."""
    providers: Sequence[str] = (CPU,)
    """In the order in which they are tried."""
    precision: str = ""
    """The bundle's, for a warning where it does not go with the provider."""


class Sessions:
    """Threads make a lone run quick. Beside other work they wait for one another's cores: one
    thread each then does more (benchmarks/threads.py), and gives the same but for rounding. Each
    session has weights of its own, so the second is made when it is first wanted."""

    def __init__(self, path: Path, spec: SessionSpec) -> None:
        """Raises Misconfigured for a file that is no model, or a provider that is not there."""
        self._path = path
        self._lock = Lock()
        self._single: ort.InferenceSession | None = None
        try:
            self._providers = usable(spec.providers)
            threads = spec.threads or usable_cpus()
            self.quick = self._session(threads)
            check_started(self.quick, self._providers, spec.precision)
        except Misconfigured:
            raise
        except Exception as exc:  # onnxruntime's own classes share no base but this
            log.exception("%s cannot be loaded", path.name)
            raise Misconfigured(f"{path.name} cannot be loaded: export the bundle again") from exc
        if threads == 1 or self.quick.get_providers()[0] != CPU:
            self._single = self.quick

    @property
    def single(self) -> ort.InferenceSession:
        """Of one thread; the other one where cores are not what a run waits for."""
        with self._lock:
            if self._single is None:
                self._single = self._session_of_one_thread()
            return self._single

    def _session_of_one_thread(self) -> ort.InferenceSession:
        try:
            return self._session(1)
        except Exception:  # for want of memory, say: the one that is there does the same
            log.exception("%s runs on all cores only", self._path.name)
            return self.quick

    def _session(self, threads: int) -> ort.InferenceSession:
        return ort.InferenceSession(self._path, _options(threads), providers=self._providers)


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
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # spinning on after a run, as it does by default, holds a core that ingestion's other work waits
    # for; spinning while a run goes on is what makes a lone picture quick
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3  # errors: its warnings are about the graph, not the request
    return options
