"""A container as the trigger sees it: a folder, or a container of Azurite or Azure."""

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
class Content:
    data: bytes
    properties: dict[str, Any]
    """As the host passes them: ETag, ContentLength, ContentType, LastModified, …"""
    metadata: dict[str, str] = field(default_factory=dict)


class Container(Protocol):
    name: str
    url: str
    where: str
    """For people."""
    settle: bool
    """True when a listing may show half-written blobs."""
    every_s: float
    """Pause between two listings."""

    def listing(self) -> dict[str, str]:
        """Every blob's name and etag."""

    def read(self, blob: str) -> Content | None:
        """The blob as it is now; None when it is gone."""

    def open_sibling(self, name: str) -> Container:
        """Another container of the same account."""


def blob_url(container: Container, blob: str) -> str:
    return f"{container.url}/{quote(blob)}"


class FolderContainer:
    """``$LOCAL_DIR/storage/<container>/``; hidden files, links and names no blob can have are
    left out."""

    settle = True
    every_s = 0.2

    def __init__(self, storage: Path, name: str) -> None:
        self.name = name
        self.url = f"{AZURITE}/{name}"  # what Azurite would call it: there is no real one
        self._root = storage / name
        self.where = f"{self._root}{os.sep}"

    def open_sibling(self, name: str) -> FolderContainer:
        return FolderContainer(self._root.parent, name)

    def listing(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in _files(str(self._root)):
            with contextlib.suppress(FileNotFoundError):  # deleted since its folder was read
                name = entry.path[len(str(self._root)) + 1 :].replace(os.sep, "/")
                found[name] = _etag(entry.stat(follow_symlinks=False))
        return found

    def read(self, blob: str) -> Content | None:
        parts = (self.name, *blob.split("/"))
        if not all(part and _is_name(part) for part in parts):  # a post may name anything
            return None
        path = self._root / blob
        try:
            with path.open("rb") as file:
                data, stat = file.read(), os.fstat(file.fileno())
        except (FileNotFoundError, NotADirectoryError):
            return None
        changed = datetime.fromtimestamp(stat.st_mtime, UTC).isoformat()
        return Content(data, _properties(blob, len(data), _etag(stat), changed))


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    """A folder or file that goes away meanwhile is left out; any other error is raised,
    since a listing that misses files would look like their deletion."""
    try:
        with os.scandir(folder) as entries:
            found = [e for e in entries if _is_name(e.name) and not e.is_symlink()]
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        if entry.is_dir():
            yield from _files(entry.path)
        elif entry.is_file():
            yield entry


def _is_name(name: str) -> bool:
    return not name.startswith(".") and "\\" not in name and name.isprintable()


def _etag(stat: os.stat_result) -> str:
    """With the change time, since `cp -p` and `mv` put another file there with its old mtime."""
    return f'"{stat.st_ctime_ns:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}-{stat.st_ino:x}"'


def _properties(blob: str, length: int, etag: str, changed: str) -> dict[str, Any]:
    return {
        "ContentLength": length,
        "ContentType": mimetypes.guess_type(blob)[0] or "application/octet-stream",
        "ETag": etag,
        "LastModified": changed,
        "BlobType": "Block",
    }
