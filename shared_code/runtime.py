"""The composition root: which adapter plays which port, each built on first use.

Heavy imports live in the builders, so that importing this module is free and a request
pays only for what it uses. Handlers run on threads, so the lock is ours; a failed build is
tried again on the next call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, overload

from shared_code.core.catalogue import Catalogue
from shared_code.core.failures import Failures
from shared_code.core.indexing import Indexer
from shared_code.core.ports import BlobStore, Encoder, ProductIndex
from shared_code.core.search import Search
from shared_code.core.words import WordsReader
from shared_code.settings import Settings

T = TypeVar("T")


class part(Generic[T]):
    """A lazily built attribute of the runtime, made once under the runtime's lock."""

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self._name = build.__name__
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, runtime: None, owner: type) -> part[T]: ...
    @overload
    def __get__(self, runtime: Runtime, owner: type) -> T: ...
    def __get__(self, runtime: Runtime | None, owner: type) -> T | part[T]:
        if runtime is None:
            return self
        try:
            return cast("T", runtime.parts[self._name])
        except KeyError:
            with runtime.lock:  # two requests may both find the part unbuilt
                if self._name not in runtime.parts:
                    runtime.parts[self._name] = self._build(runtime)
                return cast("T", runtime.parts[self._name])


class Runtime:
    """Everything a request needs. Tests pass parts to be used instead of the built ones."""

    def __init__(self, settings: Settings, **parts: Any) -> None:
        self.settings = settings
        self.parts: dict[str, Any] = dict(parts)
        self.lock = threading.RLock()  # a part may need another
        self.started = time.monotonic()

    @part
    def encoder(self) -> Encoder:
        from shared_code.adapters.clip.encoder import ClipEncoder

        return ClipEncoder.from_settings(self.settings)

    @part
    def index(self) -> ProductIndex:
        if self.settings.qdrant_url:
            from shared_code.adapters.qdrant_cloud import QdrantCloudIndex

            return QdrantCloudIndex.from_settings(self.settings, self.encoder.model)
        from shared_code.adapters.qdrant_edge import QdrantEdgeIndex

        return QdrantEdgeIndex.from_settings(self.settings, self.encoder.model)

    @part
    def images(self) -> BlobStore:
        return self._container(self.settings.images_container)

    @part
    def failures(self) -> Failures:
        return Failures(self._container(self.settings.failures_container))

    @part
    def words(self) -> WordsReader:
        return WordsReader(self.images, now_us=lambda: time.time_ns() // 1000)

    @part
    def search(self) -> Search:
        return Search(self.encoder, self.index)

    @part
    def indexer(self) -> Indexer:
        max_bytes = self.settings.max_upload_mb * 1_000_000
        return Indexer(self.encoder, self.index, self.images, self.failures, self.words, max_bytes)

    @part
    def catalogue(self) -> Catalogue:
        from shared_code.adapters.clip.preprocess import picture_format

        return Catalogue(
            self.encoder,
            self.index,
            self.images,
            self.failures,
            self.words,
            self.indexer,
            picture_format,
        )

    @property
    def uptime_s(self) -> int:
        return int(time.monotonic() - self.started)

    def _container(self, name: str) -> BlobStore:
        if self.settings.uses_storage_account:
            from shared_code.adapters.blob_azure import AzureBlobStore

            return AzureBlobStore.from_settings(self.settings, name)
        from shared_code.adapters.blob_folder import FolderBlobStore

        return FolderBlobStore(self.settings.storage_dir, name)

    def close(self) -> None:
        """Flushes the index if it was ever built; what is closed is built anew on next use."""
        with self.lock:
            index = self.parts.pop("index", None)
            for dependent in ("search", "indexer", "catalogue"):
                self.parts.pop(dependent, None)
        if index is not None:
            index.close()


_lock = threading.Lock()
_runtime: Runtime | None = None


def runtime() -> Runtime:
    """The process's one runtime. Raises Misconfigured when a setting is wrong."""
    global _runtime
    if _runtime is None:
        with _lock:
            if _runtime is None:
                _runtime = Runtime(Settings.from_env())
    return _runtime


def use_runtime(replacement: Runtime | None) -> Runtime | None:
    """Makes this the process's runtime (None: built from the settings on next use).

    Returns the one it replaces, so that a test can put it back.
    """
    global _runtime
    with _lock:
        previous, _runtime = _runtime, replacement
    return previous


def close_runtime() -> None:
    """A clean end, for hosts that have one; Azure's worker is killed and never calls it."""
    previous = use_runtime(None)
    if previous is not None:
        previous.close()
