"""Which adapter plays which port, by the settings; each is built on first use.

Heavy imports live in the builders, so that importing this module is free and a request
pays only for what it uses. Handlers run on threads, so the lock is ours; a failed build is
tried again on the next call.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from shared_code.adapters.qdrant.cloud.client_import import import_qdrant_client
from shared_code.domain.ports import BlobStore, Collections, Encoder, EventQueue, ProductIndex
from shared_code.domain.telemetry import NoTelemetry, Telemetry
from shared_code.feeds.intake import FetchImage
from shared_code.lazy import part
from shared_code.pictures.thumbnails import MakeThumbnail
from shared_code.products.catalogue import PictureFormat
from shared_code.search.embeddings import EmbeddingCache
from shared_code.settings import Settings
from shared_code.users.users import UserRows
from shared_code.version import __version__

if TYPE_CHECKING:
    from shared_code.adapters.cache.memory import MemoryCache
    from shared_code.domain.products import ImageBytes

EVENT_QUEUE = "blob-events"
"""Made by the deployment (infra/events.bicep), which has Event Grid put events there."""


class ChosenAdapters:
    """Tests pass parts to be used instead of the built ones."""

    def __init__(self, settings: Settings, *, fills: bool = False, **parts: Any) -> None:
        """``fills``: its collection is to be filled, wherever the alias leads."""
        self.settings = settings
        self.fills = fills
        self.parts: dict[str, Any] = dict(parts)
        self.lock = threading.RLock()  # a part may need another

    @part
    def encoder(self) -> Encoder:
        from shared_code.adapters.clip.encoder import ClipEncoder

        return ClipEncoder.from_settings(self.settings)

    @part
    def index(self) -> ProductIndex:
        if self.settings.qdrant_url:
            import_qdrant_client()
            from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex

            return QdrantCloudIndex.from_settings(
                self.settings, self.encoder.model, is_built=self.fills
            )
        from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex

        return QdrantEdgeIndex.from_settings(self.settings, self.encoder.model, is_built=self.fills)

    @part
    def collections(self) -> Collections:
        if self.settings.qdrant_url:
            import_qdrant_client()
            from shared_code.adapters.qdrant.cloud.aliases import CloudCollections

            return CloudCollections.from_settings(self.settings)
        from shared_code.adapters.qdrant.edge.aliases import FolderCollections

        return FolderCollections.from_settings(self.settings)

    @part
    def images(self) -> BlobStore:
        return self.container(self.settings.images_container)

    @part
    def feeds(self) -> BlobStore:
        return self.container(self.settings.feeds_container)

    @part
    def state(self) -> BlobStore:
        return self.container(self.settings.state_container)

    def container(self, name: str) -> BlobStore:
        if self.settings.uses_storage_account:
            from shared_code.adapters.storage.azure.blobs import AzureBlobStore

            return AzureBlobStore.from_settings(self.settings, name)
        from shared_code.adapters.storage.folder.blobs import FolderBlobStore

        return FolderBlobStore(self.settings.storage_dir, name)

    @part
    def event_queue(self) -> EventQueue:
        if self.settings.uses_storage_account:
            from shared_code.adapters.storage.azure.queue import AzureEventQueue

            return AzureEventQueue.from_settings(self.settings, EVENT_QUEUE)
        from shared_code.adapters.storage.folder.queue import FolderEventQueue

        return FolderEventQueue(self.settings.queues_dir, EVENT_QUEUE)

    @part
    def user_rows(self) -> UserRows:
        if self.settings.uses_storage_account:
            from shared_code.adapters.users.table import TableRows

            return TableRows.from_settings(self.settings)
        from shared_code.adapters.users.folder import FolderRows

        return FolderRows(self.settings.local_dir / "tables" / self.settings.users_table)

    @part
    def near_cache(self) -> MemoryCache:
        from shared_code.adapters.cache.memory import MemoryCache

        return MemoryCache(self.settings.cache_mb * 1_000_000)

    @part
    def caches(self) -> list[EmbeddingCache]:
        """Of embeddings, nearest first."""
        if not self.settings.redis_url:
            return [self.near_cache]
        from shared_code.adapters.cache.redis import RedisCache

        far = RedisCache.from_settings(self.settings, self.encoder.model.dimension)
        return [self.near_cache, far]

    @part
    def telemetry(self) -> Telemetry:
        if not self.settings.opentelemetry:
            return NoTelemetry()
        from shared_code.adapters.telemetry.azure_monitor import AzureMonitor

        return AzureMonitor.from_settings(self.settings, __version__)

    @part
    def fetch_image(self) -> FetchImage:
        from shared_code.adapters.downloads.image_urls import ImageUrls

        return ImageUrls.from_settings(self.settings)

    @part
    def make_thumbnail(self) -> MakeThumbnail:
        from shared_code.adapters.pictures.thumbnail import PillowThumbnail

        return PillowThumbnail(self.settings.max_image_pixels)


def picture_format_of(data: ImageBytes) -> PictureFormat:
    from shared_code.adapters.clip.preprocess import picture_format

    return picture_format(data)
