"""A container as a blob trigger sees it: a folder, or a container of Azurite or Azure."""

from __future__ import annotations

import contextlib
import mimetypes
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

AZURITE = "http://127.0.0.1:10000/devstoreaccount1"


@dataclass(frozen=True, slots=True)
class BlobContent:
    data: bytes
    properties: dict[str, Any]
    """In the host's form: ETag, ContentLength, ContentType, LastModified, …"""
    metadata: dict[str, str] = field(default_factory=dict)


class Container(Protocol):
    name: str
    url: str
    location: str
    """Its URL or folder, for the log."""
    shows_partial_blobs: bool
    """True when a listing may show blobs that are still being written."""
    scan_interval_s: float

    def list_etags(self) -> dict[str, str]:
        """Returns every blob's name and etag."""

    def read(self, blob: str) -> BlobContent | None:
        """Returns the blob as it is now; None when it is gone."""

    def open_sibling(self, name: str) -> Container:
        """Returns another container of the same account."""


def make_blob_url(container: Container, blob: str) -> str:
    return f"{container.url}/{quote(blob)}"


class FolderContainer:
    """``$LOCAL_DIR/storage/<container>/``, without hidden files, links and names that no blob can
    have."""

    shows_partial_blobs = True
    scan_interval_s = 0.2

    def __init__(self, storage: Path, name: str) -> None:
        self.name = name
        self.url = f"{AZURITE}/{name}"  # as Azurite would call it: there is no real URL
        self._root = storage / name
        self.location = f"{self._root}{os.sep}"

    def open_sibling(self, name: str) -> FolderContainer:
        return FolderContainer(self._root.parent, name)

    def list_etags(self) -> dict[str, str]:
        etags: dict[str, str] = {}
        for entry in _walk_files(str(self._root)):
            with contextlib.suppress(FileNotFoundError):  # deleted since its folder was read
                name = entry.path[len(str(self._root)) + 1 :].replace(os.sep, "/")
                etags[name] = _make_etag(entry.stat(follow_symlinks=False))
        return etags

    def read(self, blob: str) -> BlobContent | None:
        parts = (self.name, *blob.split("/"))
        if not all(
            part and _is_blob_name(part) for part in parts
        ):  # an Event Grid post may name anything
            return None
        path = self._root / blob
        try:
            with path.open("rb") as file:
                data, stat = file.read(), os.fstat(file.fileno())
        except (FileNotFoundError, NotADirectoryError):
            return None
        changed = datetime.fromtimestamp(stat.st_mtime, UTC).isoformat()
        return BlobContent(data, _make_properties(blob, len(data), _make_etag(stat), changed))


def _walk_files(folder: str) -> Iterator[os.DirEntry[str]]:
    """Leaves out what goes away meanwhile. Any other error is raised, since a listing that misses
    files would look like their deletion."""
    try:
        with os.scandir(folder) as entries:
            visible = [e for e in entries if _is_blob_name(e.name) and not e.is_symlink()]
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in visible:
        if entry.is_dir():
            yield from _walk_files(entry.path)
        elif entry.is_file():
            yield entry


def _is_blob_name(name: str) -> bool:
    return not name.startswith(".") and "\\" not in name and name.isprintable()


def _make_etag(stat: os.stat_result) -> str:
    """Includes the change time, since `cp -p` and `mv` replace a file and keep an old mtime."""
    return f'"{stat.st_ctime_ns:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}-{stat.st_ino:x}"'


def _make_properties(blob: str, length: int, etag: str, changed: str) -> dict[str, Any]:
    return {
        "ContentLength": length,
        "ContentType": mimetypes.guess_type(blob)[0] or "application/octet-stream",
        "ETag": etag,
        "LastModified": changed,
        "BlobType": "Block",
    }
