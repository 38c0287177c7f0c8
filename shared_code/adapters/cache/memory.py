"""The EmbeddingCache port in the memory of this process: the least recently used go first."""

from __future__ import annotations

from threading import Lock

from cachetools import LRUCache

from shared_code.domain.ports import Embedding

ENTRY_OVERHEAD_BYTES = 500
"""What an entry takes beside its numbers: the key, the objects, the cache's own bookkeeping."""


class MemoryCache:
    """Holds up to ``max_bytes`` of embeddings; with 0 it holds none."""

    def __init__(self, max_bytes: int) -> None:
        self._entries: LRUCache[str, Embedding] = LRUCache(max_bytes, getsizeof=_measure_bytes)
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
        if _measure_bytes(embedding) <= self._entries.maxsize:
            with self._lock:
                self._entries[key] = embedding


def _measure_bytes(embedding: Embedding) -> int:
    return int(embedding.vector.nbytes) + ENTRY_OVERHEAD_BYTES
