"""The collections of an alias of the embedded index: folders, and a file that names one."""

from __future__ import annotations

import shutil
from pathlib import Path

from shared_code.adapters.qdrant.edge.folder import alias_target, folder_errors, locked, set_alias


class FolderCollections:
    def __init__(self, root: Path, alias: str) -> None:
        self._root = root
        self._alias = alias

    def serving(self) -> str | None:
        with folder_errors():
            return alias_target(self._root, self._alias)

    def names(self) -> list[str]:
        with folder_errors():
            found = self._root.glob(f"{self._alias}__*/") if self._root.exists() else ()
            return sorted(each.name for each in found if each.is_dir())

    def serve(self, name: str) -> None:
        with folder_errors():
            set_alias(self._root, self._alias, name)

    def drop(self, name: str) -> None:
        folder = self._root / name
        if not folder.exists():
            return
        lock = self._root / f"{name}.lock"
        with folder_errors(), locked(lock):  # nobody has it open
            shutil.rmtree(folder)
            lock.unlink()
