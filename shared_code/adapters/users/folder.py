"""The UserRows port on a folder: one JSON file per row."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import portalocker

from shared_code.domain.errors import Unavailable
from shared_code.domain.ports import Row, StoredRow, encode_row


class FolderRows:
    """Writers of any process take turns; a reader never sees half a row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, owner: str, key: str) -> StoredRow | None:
        with _translate_errors(), contextlib.suppress(FileNotFoundError):
            data = self._row_path(owner, key).read_bytes()
            return StoredRow(json.loads(data), hashlib.sha256(data).hexdigest()[:32])
        return None

    def put(self, owner: str, key: str, row: Row, *, etag: str | None = None) -> bool:
        document = encode_row(row)
        with _translate_errors(), self._lock():
            if etag is not None:
                stored = self.get(owner, key)
                if etag != (stored.etag if stored else ""):
                    return False
            self._write_file(self._row_path(owner, key), document)
        return True

    def delete(self, owner: str, key: str) -> bool:
        with _translate_errors(), self._lock(), contextlib.suppress(FileNotFoundError):
            self._row_path(owner, key).unlink()
            return True
        return False

    def keys(self, owner: str) -> list[str]:
        with _translate_errors():
            return sorted(path.stem for path in (self._folder / owner).glob("*.json"))

    def all(self, owner: str) -> dict[str, Row]:
        stored_rows = {key: self.get(owner, key) for key in self.keys(owner)}
        return {key: stored.row for key, stored in stored_rows.items() if stored is not None}

    def _row_path(self, owner: str, key: str) -> Path:
        return self._folder / owner / f"{key}.json"

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("a") as file:
            portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)
            yield

    def _write_file(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(unfinished).replace(path)
        finally:
            Path(unfinished).unlink(missing_ok=True)


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as exc:
        raise Unavailable(f"The folder of user data cannot be used ({exc.strerror}).") from exc
