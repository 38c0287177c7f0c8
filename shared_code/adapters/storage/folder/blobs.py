"""The BlobStore port on a folder, with which the app works without an account anywhere.

A blob is a file; its name is its path below the container's folder. Files that somebody copies
into it, with any tool, are blobs like any other. Hidden files and symbolic links are not.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from shared_code.adapters.storage.blob_names import check_blob_name
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
        with _translate_errors(name):
            try:
                with self._open(name) as descriptor:
                    return _read_info(name, os.fstat(descriptor))
            except _NO_SUCH_BLOB:
                return None

    def read(self, name: str) -> Blob | None:
        return self.read_range(name, 0, -1)

    def read_range(self, name: str, start: int, length: int) -> Blob | None:
        with _translate_errors(name):
            try:
                with self._open(name) as descriptor, open(descriptor, "rb", closefd=False) as file:
                    # read before the data: a change in between shows the next time
                    info = _read_info(name, os.fstat(descriptor))
                    file.seek(start)
                    return Blob(info, file.read(length))
            except _NO_SUCH_BLOB:
                return None

    def write(self, name: str, data: bytes, *, content_type: str) -> BlobInfo:
        """Does not store ``content_type``: readers detect a format by its content."""
        with _translate_errors(name):
            path = self._path(name)
            (self._base / UNFINISHED).mkdir(parents=True, exist_ok=True)
            descriptor, unfinished = tempfile.mkstemp(dir=self._base / UNFINISHED)
            try:
                with open(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    _move_into_place(Path(unfinished), path)
                    return _read_info(name, os.fstat(file.fileno()))
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as exc:
                problem = f"{name[:100]!r} would need a file and a folder of the same name"
                raise Unprocessable(f"{problem}, which a disk cannot hold.") from exc
            finally:
                Path(unfinished).unlink(missing_ok=True)

    def delete(self, name: str) -> bool:
        with _translate_errors(name):
            path = self._path(name)
            if not path.is_file():
                return False
            try:
                path.unlink()
            except _NO_SUCH_BLOB:
                return False
            with contextlib.suppress(OSError):  # stops at the first folder that is not empty
                for folder in path.relative_to(self._base).parents[:-1]:
                    (self._base / folder).rmdir()
            return True

    def list(
        self, prefix: str = "", *, limit: int = 1000, cursor: str | None = None
    ) -> Page[BlobInfo]:
        """The cursor is the last name of the page."""
        with _translate_errors(prefix):
            infos = list(islice(self._list_infos(prefix, after=cursor or ""), limit + 1))
        has_more = len(infos) > limit
        return Page(tuple(infos[:limit]), infos[limit - 1].name if has_more else None)

    def ping(self) -> None:
        with _translate_errors("ping"):
            self._base.mkdir(parents=True, exist_ok=True)
            if not os.access(self._base, os.R_OK | os.W_OK | os.X_OK):
                raise Unavailable("The storage folder cannot be read and written.")

    def _path(self, name: str) -> Path:
        segments = check_blob_name(name).split("/")
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

    def _list_infos(self, prefix: str, *, after: str) -> Iterator[BlobInfo]:
        for name in _list_names(self._base, self._find_deepest_folder(prefix), prefix, after):
            with contextlib.suppress(FileNotFoundError):  # deleted since the folder was read
                yield _read_info(name, os.stat(self._base / name, follow_symlinks=False))

    def _find_deepest_folder(self, prefix: str) -> str:
        """Returns the deepest folder that holds all blobs with the prefix, with a slash at its end;
        an empty text, which is the container, for a prefix that no blob can have."""
        folder = prefix.rpartition("/")[0]
        if folder:
            with contextlib.suppress(Unprocessable):
                self._path(folder)
                return folder + "/"
        return ""


def _list_names(base: Path, folder: str, prefix: str, after: str) -> Iterator[str]:
    """Yields the blob names below the folder in order; enters only folders that can hold some."""
    # a folder may hold thousands of files, and most prefixes match a few of them
    begins = prefix.removeprefix(folder).partition("/")[0] if prefix.startswith(folder) else ""
    try:
        with os.scandir(base / folder) as entries:
            # a folder sorts by its name and the slash, as its blobs do
            names = sorted(
                folder + entry.name + ("/" if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(begins)
                and not entry.name.startswith(".")
                and not entry.is_symlink()
                and (entry.is_dir() or entry.is_file())
            )
    except _NO_SUCH_BLOB:
        return
    for name in names:
        if name.endswith("/"):
            is_inside = name.startswith(prefix) or prefix.startswith(name)
            if is_inside and (name > after or after.startswith(name)):
                yield from _list_names(base, name, prefix, after)
        elif name.startswith(prefix) and name > after and _is_blob(name):
            yield name


def _is_blob(name: str) -> bool:
    """Returns False for a file whose name no request could name."""
    try:
        check_blob_name(name)
    except Unprocessable:
        return False
    return True


def _read_info(name: str, stat: os.stat_result) -> BlobInfo:
    etag = f'"{stat.st_ctime_ns:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}-{stat.st_ino:x}"'
    # ctime, since `cp -p` and `mv` put an old file over a newer one with its old mtime
    return BlobInfo(name, etag, stat.st_ctime_ns // 1000, stat.st_size)


def _move_into_place(unfinished: Path, path: Path) -> None:
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
def _translate_errors(name: str) -> Iterator[None]:
    try:
        yield
    except AppError:
        raise
    except OSError as exc:
        if exc.errno in _BAD_NAME:
            raise Unprocessable(f"The disk refuses the blob name {name[:100]!r}.") from exc
        raise Unavailable(f"The storage folder cannot be used: {exc.strerror}.") from exc
