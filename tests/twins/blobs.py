"""A blob store in a dictionary."""

import threading
import time
from collections.abc import Mapping

from shared_code.adapters.storage.blob_names import check_blob_name
from shared_code.domain.ports import Blob, BlobInfo, Page


class MemoryBlobStore:
    def __init__(self) -> None:
        self._blobs: dict[str, Blob] = {}
        self._version = 0
        self._lock = threading.Lock()

    def head(self, name: str) -> BlobInfo | None:
        blob = self.read(name)
        return blob.info if blob else None

    def read(self, name: str) -> Blob | None:
        return self._blobs.get(check_blob_name(name))

    def read_range(self, name: str, start: int, length: int) -> Blob | None:
        blob = self.read(name)
        return Blob(blob.info, blob.data[start : start + length]) if blob else None

    def write(
        self,
        name: str,
        data: bytes,
        *,
        content_type: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> BlobInfo:
        """Also takes the metadata that upload tools of Azure can send with the content."""
        with self._lock:
            self._version = max(self._version + 1, time.time_ns() // 1000)
            etag = f'"{self._version:x}"'
            info = BlobInfo(check_blob_name(name), etag, self._version, len(data), metadata or {})
            self._blobs[name] = Blob(info, bytes(data))
            return info

    def delete(self, name: str) -> bool:
        return self._blobs.pop(check_blob_name(name), None) is not None

    def list(
        self, prefix: str = "", *, limit: int = 1000, cursor: str | None = None
    ) -> Page[BlobInfo]:
        blobs = self._blobs.copy()  # other threads may write meanwhile
        names = sorted(n for n in blobs if n.startswith(prefix) and n > (cursor or ""))
        infos = tuple(blobs[name].info for name in names[:limit])
        return Page(infos, infos[-1].name if len(names) > limit else None)

    def ping(self) -> None:
        """Always there."""
