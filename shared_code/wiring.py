"""Which adapter plays which port, by the settings; each is built on first use.

Heavy imports live in the builders, so that importing this module is free and a request
pays only for what it uses. Handlers run on threads, so the lock is ours; a failed build is
tried again on the next call.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shared_code.adapters.qdrant.cloud.client_import import import_qdrant_client
from shared_code.adapters.storage.azure.account import StorageAccount
from shared_code.domain.ports import (
    BlobStore,
    Collections,
    EmbeddingCache,
    Encoder,
    EventQueue,
    FetchImage,
    MakeThumbnail,
    NoTelemetry,
    PictureFormat,
    ProductIndex,
    Telemetry,
    UserRows,
)
from shared_code.lazy import lazy
from shared_code.settings import EVENT_QUEUE, Settings
from shared_code.version import __version__

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

    from shared_code.adapters.cache.memory import MemoryCache
    from shared_code.adapters.clip.encoder import ClipEncoder
    from shared_code.adapters.qdrant.points import CollectionSpec
    from shared_code.domain.products import ImageBytes, ModelInfo


class Adapters:
    """The adapters of one model. Tests set those that shall not be built from the settings."""

    def __init__(self, settings: Settings, *, fills_collection: bool = False) -> None:
        """``fills_collection``: the index is the collection of this very model, which is to be
        filled, wherever the alias leads."""
        self.settings = settings
        self.fills_collection = fills_collection
        self.lock = threading.RLock()

    @lazy
    def encoder(self) -> Encoder:
        return open_encoder(self.settings)

    @lazy
    def index(self) -> ProductIndex:
        model, is_built = self.encoder.model, self.fills_collection
        spec = collection_spec(self.settings, model, is_built=is_built)
        if self.settings.qdrant_url:
            import_qdrant_client()
            from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex

            return QdrantCloudIndex(lambda: connect_to_qdrant(self.settings), spec)
        from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex

        return QdrantEdgeIndex(self.settings.embedded_index_dir.resolve(), spec)

    @lazy
    def collections(self) -> Collections:
        alias = self.settings.qdrant_collection
        if self.settings.qdrant_url:
            import_qdrant_client()
            from shared_code.adapters.qdrant.cloud.aliases import CloudCollections

            return CloudCollections(lambda: connect_to_qdrant(self.settings), alias)
        from shared_code.adapters.qdrant.edge.aliases import FolderCollections

        return FolderCollections(self.settings.embedded_index_dir.resolve(), alias)

    @lazy
    def images(self) -> BlobStore:
        return self._container(self.settings.images_container)

    @lazy
    def feeds(self) -> BlobStore:
        return self._container(self.settings.feeds_container)

    @lazy
    def state(self) -> BlobStore:
        """How far jobs have come: manifests, flags, the progress of a reconcile."""
        return self._container(self.settings.state_container)

    @lazy
    def failure_records(self) -> BlobStore:
        return self._container(self.settings.failures_container)

    @lazy
    def thumbnails(self) -> BlobStore:
        return self._container(self.settings.thumbnails_container)

    def _container(self, name: str) -> BlobStore:
        if self.settings.uses_storage_account:
            from shared_code.adapters.storage.azure.blobs import AzureBlobStore

            return AzureBlobStore.connect(storage_account(self.settings), name)
        from shared_code.adapters.storage.folder.blobs import FolderBlobStore

        return FolderBlobStore(self.settings.storage_dir, name)

    @lazy
    def event_queue(self) -> EventQueue:
        if self.settings.uses_storage_account:
            from shared_code.adapters.storage.azure.queue import AzureEventQueue

            return AzureEventQueue.connect(storage_account(self.settings), EVENT_QUEUE)
        from shared_code.adapters.storage.folder.queue import FolderEventQueue

        return FolderEventQueue(self.settings.queues_dir, EVENT_QUEUE)

    @lazy
    def user_rows(self) -> UserRows:
        if self.settings.uses_storage_account:
            from shared_code.adapters.users.table import TableRows

            return TableRows.connect(storage_account(self.settings), self.settings.users_table)
        from shared_code.adapters.users.folder import FolderRows

        return FolderRows(self.settings.local_dir / "tables" / self.settings.users_table)

    @lazy
    def memory_cache(self) -> MemoryCache:
        from shared_code.adapters.cache.memory import MemoryCache

        return MemoryCache(self.settings.cache_mb * 1_000_000)

    @lazy
    def embedding_caches(self) -> list[EmbeddingCache]:
        """The nearest first."""
        if not self.settings.redis_url:
            return [self.memory_cache]
        from shared_code.adapters.cache.redis import RedisCache

        redis = RedisCache.connect(self.settings.redis_url, dimension=self.encoder.model.dimension)
        return [self.memory_cache, redis]

    @lazy
    def telemetry(self) -> Telemetry:
        if not self.settings.opentelemetry:
            return NoTelemetry()
        from shared_code.adapters.telemetry.azure_monitor import AzureMonitor

        connection_string = self.settings.applicationinsights_connection_string
        return AzureMonitor(connection_string, version=__version__)

    @lazy
    def fetch_image(self) -> FetchImage:
        from shared_code.adapters.downloads.image_urls import ImageDownloader

        return ImageDownloader(
            allowed=self.settings.allow_image_urls,
            max_bytes=self.settings.max_upload_mb * 1_000_000,
        )

    @lazy
    def make_thumbnail(self) -> MakeThumbnail:
        from shared_code.adapters.pictures.thumbnail import PillowThumbnailer

        return PillowThumbnailer(self.settings.max_image_pixels)

    def picture_format(self, data: ImageBytes) -> PictureFormat:
        """Reads the format off the content. Raises UnsupportedImage for one not accepted."""
        from shared_code.adapters.pictures.formats import detect_picture_format

        return detect_picture_format(data)

    def without_model(self) -> Adapters:
        """Returns the same connections, with no model loaded: it takes hundreds of megabytes."""
        adapters = Adapters(self.settings, fills_collection=self.fills_collection)
        adapters.collections, adapters.telemetry = self.collections, self.telemetry
        index = Adapters.index.built_on(self)
        if index is not None:
            adapters.index = index
        return adapters

    def close(self) -> None:
        """Flushes and closes what was ever opened; closed adapters are not used afterwards."""
        with self.lock:
            index, queue = Adapters.index.built_on(self), Adapters.event_queue.built_on(self)
        if index is not None:
            index.close()
        if queue is not None:
            queue.close()


def open_encoder(settings: Settings) -> ClipEncoder:
    """Opens the model bundle; its towers are loaded when they are first needed."""
    from shared_code.adapters.clip.bundle import load_bundle
    from shared_code.adapters.clip.encoder import ClipEncoder, EncoderOptions

    options = EncoderOptions(
        concurrency=settings.encode_concurrency,
        queue=settings.encode_queue,
        wait_s=settings.model_wait_s,
        providers=settings.ort_providers,
    )
    return ClipEncoder(
        load_bundle(settings.model_dir),
        max_pixels=settings.max_image_pixels,
        threads=settings.ort_threads,
        options=options,
    )


def storage_account(settings: Settings) -> StorageAccount:
    """Returns how the settings say to reach the storage account."""
    return StorageAccount(
        connection_string=settings.azurewebjobsstorage,
        blob_url=settings.azurewebjobsstorage__blobserviceuri,
        queue_url=settings.azurewebjobsstorage__queueserviceuri,
        table_url=settings.azurewebjobsstorage__tableserviceuri,
        client_id=settings.azurewebjobsstorage__clientid,
    )


def connect_to_qdrant(settings: Settings) -> QdrantClient:
    """Makes no request. Raises Misconfigured for a QDRANT_URL that is not a URL."""
    from shared_code.adapters.qdrant.cloud.link import connect

    return connect(
        settings.qdrant_url, api_key=settings.qdrant_api_key, timeout_s=settings.qdrant_timeout_s
    )


def collection_spec(
    settings: Settings, model: ModelInfo, *, is_built: bool = False
) -> CollectionSpec:
    """Returns what the settings say about the collection of this model's vectors."""
    from shared_code.adapters.qdrant.points import CollectionSpec

    return CollectionSpec(
        alias=settings.qdrant_collection,
        model=model,
        distance=settings.qdrant_distance,
        quantization=settings.qdrant_quantization,
        fields=settings.filterable_fields,
        is_built=is_built,
        expected_vectors=settings.expected_vectors,
        replication=settings.qdrant_replication,
        shards=settings.qdrant_shards,
    )
