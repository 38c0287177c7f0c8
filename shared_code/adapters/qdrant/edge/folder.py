"""The folder of the embedded index: one process at a time, one model per collection."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import portalocker

from shared_code.adapters.qdrant.points import CollectionSpec
from shared_code.domain.errors import Misconfigured, Unavailable


class IndexFolder:
    """``<root>/<collection>/`` holds the shard, ``<root>/<alias>.alias`` names the collection
    that serves and ``<root>/<collection>.lock`` is held, with the holder's process id in it, while
    the shard is open."""

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
        with folder_errors():
            self._root.mkdir(parents=True, exist_ok=True)
            self._lock = locked(self._root / f"{self._spec.name}.lock")
        try:
            with folder_errors():
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

    def _check_alias(self) -> None:
        target = alias_target(self._root, self._spec.alias)
        if target is not None:
            self._spec.check_alias(target)
        elif not self._spec.is_built:
            set_alias(self._root, self._spec.alias, self._spec.name)


def alias_target(root: Path, alias: str) -> str | None:
    pointer = root / f"{alias}.alias"
    return pointer.read_text(encoding="utf-8").strip() if pointer.exists() else None


def set_alias(root: Path, alias: str, name: str) -> None:
    unfinished = root / f"{alias}.alias.new"
    unfinished.write_text(name, encoding="utf-8")
    unfinished.replace(root / f"{alias}.alias")  # a reader never sees half of it


def locked(path: Path) -> IO[str]:
    """Raises Unavailable while another holds it, of this process or another one."""
    # opened for appending: another holder's id stays until the lock is ours
    file = path.open("a+", encoding="ascii")
    try:
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
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


@contextmanager
def folder_errors() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise Misconfigured(
            f"The folder of the embedded index cannot be used ({exc.strerror}): check QDRANT_PATH "
            "or LOCAL_DIR."
        ) from exc
