"""What the product needs from the world: each port is a Protocol that adapters implement."""

from shared_code.domain.ports.index import (
    Blob,
    BlobInfo,
    BlobStore,
    Collections,
    Embedding,
    Encoder,
    EventQueue,
    Page,
    ProductIndex,
    VectorQuery,
    WordQuery,
)

__all__ = [
    "Blob",
    "BlobInfo",
    "BlobStore",
    "Collections",
    "Embedding",
    "Encoder",
    "EventQueue",
    "Page",
    "ProductIndex",
    "VectorQuery",
    "WordQuery",
]
