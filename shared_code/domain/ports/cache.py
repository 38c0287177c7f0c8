"""Where the embeddings of queries are remembered: in the process, or in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared_code.domain.ports.encoder import Embedding


class EmbeddingCache(Protocol):
    """Embeddings by key; may forget any at any time. Never raises."""

    def get(self, key: str) -> Embedding | None: ...

    def put(self, key: str, embedding: Embedding) -> None: ...
