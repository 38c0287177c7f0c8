"""The EmbeddingCache port in this process: the least recently used go first."""

from __future__ import annotations

from threading import Lock

from cachetools import LRUCache

from shared_code.domain.ports import Embedding

OVERHEAD = 500
"""Bytes of an entry beyond its numbers: the key, the objects around them, the cache's own."""


class MemoryCache:
    """``max_bytes`` of embeddings; 0 keeps none."""

    def __init__(self, max_bytes: int) -> None:
        self._entries: LRUCache[str, Embedding] = LRUCache(max_bytes, getsizeof=_size)
        self._lock = Lock()

    @property
    def entries(self) -> int:
        return len(self._entries)

    @property
    def bytes(self) -> int:
        return int(self._entries.currsize)

    def get(self, key: str) -> Embedding | None:
        with self._lock:
            return self._entries.get(key)

    def put(self, key: str, embedding: Embedding) -> None:
        if _size(embedding) <= self._entries.maxsize:
            with self._lock:
                self._entries[key] = embedding


def _size(embedding: Embedding) -> int:
    return int(embedding.vector.nbytes) + OVERHEAD
