"""The folder of the embedded index: one process at a time, one model per alias."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import portalocker

from shared_code.adapters.qdrant_points import CollectionSpec
from shared_code.core.errors import Misconfigured, Unavailable


class IndexFolder:
    """``<root>/<collection>/`` holds the shard, ``<root>/<alias>.alias`` names the collection
    and ``<root>/<alias>.lock`` is held, with the holder's process id in it, while in use."""

    def __init__(self, root: Path, spec: CollectionSpec) -> None:
        self._root = root
        self._spec = spec
        self._lock: IO[str] | None = None

    @property
    def shard(self) -> Path:
        return self._root / self._spec.name

    def acquire(self) -> None:
        """Raises Unavailable while another process (or index) holds the folder, Misconfigured
        when it cannot be written or belongs to another model's collection."""
        with _translated():
            self._root.mkdir(parents=True, exist_ok=True)
            self._lock = self._locked()
        try:
            with _translated():
                self._check_alias()
                self.shard.mkdir(exist_ok=True)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """The system does the same when the process ends in any other way."""
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def _locked(self) -> IO[str]:
        # opened for appending: another holder's id stays until the lock is ours
        file = (self._root / f"{self._spec.alias}.lock").open("a+", encoding="ascii")
        try:
            portalocker.lock(
                file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
            )
        except portalocker.LockException as exc:
            file.seek(0)
            holder = file.read(20).strip() or "unknown"
            file.close()
            raise Unavailable(
                f"The embedded index is in use by process {holder}, and one process at a time may "
                "use it: stop that one, or set QDRANT_PATH to another folder or QDRANT_URL to a "
                "Qdrant server."
            ) from exc
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        return file

    def _check_alias(self) -> None:
        pointer = self._root / f"{self._spec.alias}.alias"
        if pointer.exists():
            self._spec.check_alias(pointer.read_text(encoding="utf-8").strip())
            return
        unfinished = pointer.with_suffix(".alias.new")
        unfinished.write_text(self._spec.name, encoding="utf-8")
        unfinished.replace(pointer)  # a reader never sees half of it


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise Misconfigured(
            f"The folder of the embedded index cannot be used ({exc.strerror}): check QDRANT_PATH "
            "or LOCAL_DIR."
        ) from exc
