"""The BlobStore port on a folder: what makes the app work with no account anywhere.

A blob is a file; its name is its path below the container's folder. Files dropped in by
hand, by any tool, are blobs like any other. Hidden files and symbolic links are not.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from shared_code.adapters.storage.blob_names import checked_name
from shared_code.domain.errors import AppError, Unavailable, Unprocessable
from shared_code.domain.ports import Blob, BlobInfo, Page

UNFINISHED = ".unfinished"
"""Files being written: hidden, inside the container so that a rename stays on one disk."""

_NO_SUCH_BLOB = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_BAD_NAME = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ELOOP}


class FolderBlobStore:
    def __init__(self, root: Path, container: str) -> None:
        self._base = (root / container).resolve()

    def head(self, name: str) -> BlobInfo | None:
        with _translated(name):
            try:
                with self._open(name) as descriptor:
                    return _info(name, os.fstat(descriptor))
            except _NO_SUCH_BLOB:
                return None

    def read(self, name: str) -> Blob | None:
        return self.read_range(name, 0, -1)

    def read_range(self, name: str, start: int, length: int) -> Blob | None:
        with _translated(name):
            try:
                with self._open(name) as descriptor, open(descriptor, "rb", closefd=False) as file:
                    # looked at before reading: what changes meanwhile shows at the next look
                    info = _info(name, os.fstat(descriptor))
                    file.seek(start)
                    return Blob(info, file.read(length))
            except _NO_SUCH_BLOB:
                return None

    def write(self, name: str, data: bytes, *, content_type: str) -> BlobInfo:
        """``content_type`` is not kept: readers tell a format by its content."""
        with _translated(name):
            path = self._path(name)
            (self._base / UNFINISHED).mkdir(parents=True, exist_ok=True)
            descriptor, unfinished = tempfile.mkstemp(dir=self._base / UNFINISHED)
            try:
                with open(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    _move(Path(unfinished), path)
                    return _info(name, os.fstat(file.fileno()))
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as exc:
                both = f"{name[:100]!r} would make a blob and a folder of one name"
                raise Unprocessable(f"{both}, which a disk cannot hold.") from exc
            finally:
                Path(unfinished).unlink(missing_ok=True)

    def delete(self, name: str) -> bool:
        with _translated(name):
            path = self._path(name)
            if not path.is_file():
                return False
            try:
                path.unlink()
            except _NO_SUCH_BLOB:
                return False
            with contextlib.suppress(OSError):  # the first folder that is not empty
                for folder in path.relative_to(self._base).parents[:-1]:
                    (self._base / folder).rmdir()
            return True

    def list(
        self, prefix: str = "", *, limit: int = 1000, cursor: str | None = None
    ) -> Page[BlobInfo]:
        """The cursor is the last name of the page."""
        with _translated(prefix):
            found = list(islice(self._infos(prefix, after=cursor or ""), limit + 1))
        more = len(found) > limit
        return Page(tuple(found[:limit]), found[limit - 1].name if more else None)

    def ping(self) -> None:
        with _translated("ping"):
            self._base.mkdir(parents=True, exist_ok=True)
            if not os.access(self._base, os.R_OK | os.W_OK | os.X_OK):
                raise Unavailable("The storage folder cannot be read and written.")

    def _path(self, name: str) -> Path:
        segments = checked_name(name).split("/")
        if any(not segment or segment.startswith(".") for segment in segments):
            raise Unprocessable(f"The blob name {name[:100]!r} has an empty or hidden part.")
        path = self._base.joinpath(*segments)
        if os.path.realpath(path) != str(path):
            raise Unprocessable(f"The blob name {name[:100]!r} leads through a symbolic link.")
        return path

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[int]:
        path = self._path(name)
        if not path.is_file():
            raise FileNotFoundError
        descriptor = os.open(path, os.O_RDONLY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _infos(self, prefix: str, *, after: str) -> Iterator[BlobInfo]:
        for name in _names(self._base, self._deepest(prefix), prefix, after):
            with contextlib.suppress(FileNotFoundError):  # deleted since the folder was read
                yield _info(name, os.stat(self._base / name, follow_symlinks=False))

    def _deepest(self, prefix: str) -> str:
        """The folder that holds all of the prefix's blobs; the container's for a prefix that no
        blob can have."""
        folder = prefix.rpartition("/")[0]
        if folder:
            with contextlib.suppress(Unprocessable):
                self._path(folder)
                return folder + "/"
        return ""


def _names(base: Path, folder: str, prefix: str, after: str) -> Iterator[str]:
    """Names below the folder in order, entering only folders that can hold one wanted."""
    # of a folder with thousands of files most prefixes want a few
    begins = prefix.removeprefix(folder).partition("/")[0] if prefix.startswith(folder) else ""
    try:
        with os.scandir(base / folder) as entries:
            # a folder sorts by its name and the slash, as its blobs do
            found = sorted(
                folder + entry.name + ("/" if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(begins)
                and not entry.name.startswith(".")
                and not entry.is_symlink()
                and (entry.is_dir() or entry.is_file())
            )
    except _NO_SUCH_BLOB:
        return
    for name in found:
        if name.endswith("/"):
            inside = name.startswith(prefix) or prefix.startswith(name)
            if inside and (name > after or after.startswith(name)):
                yield from _names(base, name, prefix, after)
        elif name.startswith(prefix) and name > after and _is_blob(name):
            yield name


def _is_blob(name: str) -> bool:
    """False for a file whose name could never be asked for."""
    try:
        checked_name(name)
    except Unprocessable:
        return False
    return True


def _info(name: str, stat: os.stat_result) -> BlobInfo:
    etag = f'"{stat.st_ctime_ns:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}-{stat.st_ino:x}"'
    # ctime, since `cp -p` and `mv` put an old file over a newer one with its old mtime
    return BlobInfo(name, etag, stat.st_ctime_ns // 1000, stat.st_size)


def _move(unfinished: Path, path: Path) -> None:
    for _ in range(5):  # a delete may take the folder away at any moment
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.replace(path)
        except (FileNotFoundError, FileExistsError):
            if path.parent.is_file():
                raise
        else:
            return
    raise Unavailable("The folder of the blob keeps disappearing.")


@contextlib.contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except AppError:
        raise
    except OSError as exc:
        if exc.errno in _BAD_NAME:
            raise Unprocessable(f"The disk refuses the blob name {name[:100]!r}.") from exc
        raise Unavailable(f"The storage folder cannot be used: {exc.strerror}.") from exc
