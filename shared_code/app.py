"""The composition root: use cases on the adapters that the settings choose, built on first use."""

from __future__ import annotations

import threading
import time

from shared_code.adapters.telemetry.json_logs import set_up_logs
from shared_code.allocator import limit_arenas
from shared_code.bulk import BulkIndexer, BulkLister, BulkWork, ManifestStore
from shared_code.domain.ports import BlobStore, Collections, Encoder, EventQueue, ProductIndex
from shared_code.failures import Failures
from shared_code.feeds import FeedIntake
from shared_code.indexing import (
    BlobEvents,
    Indexer,
    ProductTextIndexer,
    ProductTextReader,
    Recovery,
)
from shared_code.lazy import lazy
from shared_code.pictures import Pictures, Thumbnails
from shared_code.products import Catalogue
from shared_code.reconcile import Reconciler
from shared_code.reindex import ModelSwitch
from shared_code.search import Embeddings, Facets, Search
from shared_code.settings import Settings
from shared_code.users import SearchDefaultsLoader, Users
from shared_code.wiring import Adapters


class App:
    """Every use case of the product, for one model."""

    def __init__(self, settings: Settings, adapters: Adapters | None = None) -> None:
        self.settings = settings
        self.adapters = adapters or Adapters(settings)
        self.lock = threading.RLock()
        self.started = time.monotonic()

    @property
    def encoder(self) -> Encoder:
        return self.adapters.encoder

    @property
    def index(self) -> ProductIndex:
        return self.adapters.index

    @property
    def images(self) -> BlobStore:
        return self.adapters.images

    @property
    def feeds(self) -> BlobStore:
        return self.adapters.feeds

    @property
    def event_queue(self) -> EventQueue:
        return self.adapters.event_queue

    @property
    def collections(self) -> Collections:
        return self.adapters.collections

    @property
    def collection(self) -> str:
        """The name of this model's collection, whether it serves or not."""
        return self.index.collection

    @lazy
    def search(self) -> Search:
        if Adapters.index.built_on(self.adapters) is None:
            self.encoder.preload()  # a cold start: it loads while the index's client is imported
        return Search(self.embeddings, self.index)

    @lazy
    def embeddings(self) -> Embeddings:
        return Embeddings(self.encoder, self.adapters.embedding_caches)

    @lazy
    def facets(self) -> Facets:
        return Facets(self.index, self.settings.filterable_fields)

    @lazy
    def failures(self) -> Failures:
        return Failures(self.adapters.failure_records)

    @lazy
    def thumbnails(self) -> Thumbnails:
        return Thumbnails(self.adapters.thumbnails, self.adapters.make_thumbnail)

    @lazy
    def pictures(self) -> Pictures:
        return Pictures(
            self.images, self.thumbnails, self.adapters.picture_format, self._max_picture_bytes
        )

    @lazy
    def words(self) -> ProductTextReader:
        return ProductTextReader(self.images, now_us=lambda: time.time_ns() // 1000)

    @lazy
    def texts(self) -> ProductTextIndexer:
        return ProductTextIndexer(self.encoder, self.index, self.words)

    @lazy
    def indexer(self) -> Indexer:
        return Indexer(
            self.encoder,
            self.index,
            self.images,
            self.failures,
            self.texts,
            self.thumbnails,
            self._max_picture_bytes,
        )

    @lazy
    def blob_events(self) -> BlobEvents:
        return BlobEvents(
            lambda: self.indexer,
            self.images,
            self.failures,
            self.event_queue,
            self.settings.images_container,
            self.settings.event_patience_h * 3600,
        )

    @lazy
    def recovery(self) -> Recovery:
        return Recovery(self.indexer, self.failures)

    @lazy
    def reconcile(self) -> Reconciler:
        # one of each may be under way
        name = "reconcile-filling" if self.adapters.fills_collection else "reconcile"
        return Reconciler(
            self.indexer, self.index, self.failures, self.adapters.state, progress_blob=name
        )

    @lazy
    def catalogue(self) -> Catalogue:
        return Catalogue(
            self.encoder,
            self.index,
            self.images,
            self.failures,
            self.words,
            self.indexer,
            self.adapters.picture_format,
        )

    @lazy
    def bulk(self) -> BulkWork:
        listing = BulkLister(
            self.images,
            self.feeds,
            self.failures,
            ManifestStore(self.adapters.state),
            self.settings.filterable_fields,
            self.words.now_us,
        )
        intake = FeedIntake(self.catalogue, self.adapters.fetch_image)
        return BulkWork(listing, BulkIndexer(self.indexer), intake)

    @lazy
    def users(self) -> Users:
        return Users(self.adapters.user_rows)

    @lazy
    def search_defaults(self) -> SearchDefaultsLoader:
        settings = self.settings
        return SearchDefaultsLoader(
            lambda: self.users, settings.filterable_fields, is_public=settings.public_search
        )

    @property
    def uptime_s(self) -> int:
        return int(time.monotonic() - self.started)

    @property
    def has_next_model(self) -> bool:
        return self.settings.has_next_model

    def for_next_model(self) -> App:
        """Returns the app of the other model, which fills that model's collection."""
        settings = self.settings.turned_round()
        adapters = Adapters(settings, fills_collection=True)
        adapters.telemetry = self.adapters.telemetry
        return App(settings, adapters)

    def for_refill(self) -> App:
        """Returns an app of the same model that fills its collection, wherever the alias leads."""
        return App(self.settings, Adapters(self.settings, fills_collection=True))

    def without_model(self) -> App:
        """Returns this app with its index still open, but without the model in memory."""
        return App(self.settings, self.adapters.without_model())

    def close(self) -> None:
        """Flushes and closes what was ever opened; the app is not used afterwards."""
        self.adapters.close()

    @property
    def _max_picture_bytes(self) -> int:
        return self.settings.max_upload_mb * 1_000_000


_lock = threading.Lock()
_switch: ModelSwitch[App] | None = None


def model_switch() -> ModelSwitch[App]:
    """Returns the process's models, built from the settings on first use.

    Raises Misconfigured when a setting is wrong.
    """
    global _switch
    if _switch is None:
        with _lock:
            if _switch is None:
                settings = Settings.from_env()
                set_up_logs(settings.log_format)
                limit_arenas(settings.malloc_arena_max)
                _switch = ModelSwitch(App(settings))
    return _switch


def current_app() -> App:
    """Returns the app that serves: the process's only one, or the one of two models.

    Raises Misconfigured when a setting is wrong.
    """
    return model_switch().current()


def use_models(replacement: ModelSwitch[App] | None) -> ModelSwitch[App] | None:
    """Makes these the process's models (None: built from the settings on next use).

    Returns those that they replace, so that a test can put them back.
    """
    global _switch
    with _lock:
        previous, _switch = _switch, replacement
    return previous


def close_app() -> None:
    """A clean end, for hosts that have one; Azure's worker is killed and never calls it."""
    previous = use_models(None)
    if previous is not None:
        previous.close()
