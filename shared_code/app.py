"""The composition root: use cases on the adapters that the settings choose, built on first use.

A process has one app, or of two models the one that serves.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from shared_code.adapters.telemetry.json_logs import set_up_logs
from shared_code.allocator import limit_arenas
from shared_code.bulk.indexing import BulkIndexing
from shared_code.bulk.listing import BulkListing
from shared_code.bulk.manifests import Manifests
from shared_code.bulk.work import BulkWork
from shared_code.failures.failures import Failures
from shared_code.feeds.intake import FeedIntake
from shared_code.indexing.blob_events import BlobEvents
from shared_code.indexing.indexing import Indexer
from shared_code.indexing.recovery import Recovery
from shared_code.indexing.texts import Texts
from shared_code.indexing.words import WordsReader
from shared_code.lazy import part
from shared_code.model_switch import Changeover
from shared_code.pictures.pictures import Pictures
from shared_code.pictures.thumbnails import Thumbnails
from shared_code.products.catalogue import Catalogue
from shared_code.reconcile.reconcile import Reconcile
from shared_code.search.embeddings import Embeddings
from shared_code.search.facets import Facets
from shared_code.search.search import Search
from shared_code.settings import Settings
from shared_code.users.users import Users
from shared_code.wiring import ChosenAdapters, picture_format_of


class App(ChosenAdapters):
    """Everything a request needs, for one model."""

    def __init__(self, settings: Settings, *, fills: bool = False, **parts: Any) -> None:
        super().__init__(settings, fills=fills, **parts)
        self.started = time.monotonic()

    @part
    def next(self) -> App | None:
        """Of the other model; None where there is but one."""
        if not self.settings.has_next_model:
            return None
        return App(self.settings.turned_round(), fills=True, telemetry=self.telemetry)

    @part
    def refilled(self) -> App:
        """Of the same model, to fill its collection while the alias leads elsewhere."""
        return App(self.settings, fills=True)

    @property
    def collection(self) -> str:
        """Of this model, whether it serves or not."""
        return self.index.collection

    def hand_over_to(self, other: App) -> None:
        """``other`` serves from now on. The index stays open, for requests under way and for the
        way back; the rest, the model above all, is let go and built again if need be."""
        with self.lock:
            kept = ("index", "collections", "telemetry")
            self.parts = {name: getattr(self, name) for name in kept}
        with other.lock:
            other.parts["next"] = self

    @part
    def failures(self) -> Failures:
        return Failures(self.container(self.settings.failures_container))

    @part
    def words(self) -> WordsReader:
        return WordsReader(self.images, now_us=lambda: time.time_ns() // 1000)

    @part
    def search(self) -> Search:
        if "index" not in self.parts:  # a cold start: the client's import takes longer
            self.encoder.preload()
        return Search(self.embeddings, self.index)

    @part
    def embeddings(self) -> Embeddings:
        return Embeddings(self.encoder, self.caches)

    @part
    def thumbnails(self) -> Thumbnails:
        return Thumbnails(self.container(self.settings.thumbnails_container), self.make_thumbnail)

    @part
    def pictures(self) -> Pictures:
        return Pictures(self.images, self.thumbnails, picture_format_of, self._max_bytes)

    @part
    def texts(self) -> Texts:
        return Texts(self.encoder, self.index, self.words)

    @part
    def indexer(self) -> Indexer:
        return Indexer(
            self.encoder,
            self.index,
            self.images,
            self.failures,
            self.texts,
            self.thumbnails,
            self._max_bytes,
        )

    @part
    def blob_events(self) -> BlobEvents:
        return BlobEvents(
            lambda: self.indexer,
            self.images,
            self.failures,
            self.event_queue,
            self.settings.images_container,
            self.settings.event_patience_h * 3600,
        )

    @part
    def recovery(self) -> Recovery:
        return Recovery(self.indexer, self.failures)

    @part
    def reconcile(self) -> Reconcile:
        place = "reconcile-filling" if self.fills else "reconcile"  # two may be under way
        return Reconcile(self.indexer, self.index, self.failures, self.state, place=place)

    @part
    def bulk(self) -> BulkWork:
        manifests = Manifests(self.state)
        now_us = self.words.now_us
        fields = self.settings.filterable_fields
        listing = BulkListing(self.images, self.feeds, self.failures, manifests, fields, now_us)
        return BulkWork(
            listing, BulkIndexing(self.indexer), FeedIntake(self.catalogue, self.fetch_image)
        )

    @part
    def catalogue(self) -> Catalogue:
        return Catalogue(
            self.encoder,
            self.index,
            self.images,
            self.failures,
            self.words,
            self.indexer,
            picture_format_of,
        )

    @part
    def facets(self) -> Facets:
        return Facets(self.index, self.settings.filterable_fields)

    @part
    def users(self) -> Users:
        return Users(self.user_rows)

    @property
    def uptime_s(self) -> int:
        return int(time.monotonic() - self.started)

    @property
    def _max_bytes(self) -> int:
        return self.settings.max_upload_mb * 1_000_000

    def close(self) -> None:
        """Flushes the index if it was ever built; what is closed is built anew on next use."""
        with self.lock:
            index = self.parts.pop("index", None)
            queue = self.parts.pop("event_queue", None)
            self.parts.pop("blob_events", None)
            for dependent in _ON_INDEX:
                self.parts.pop(dependent, None)
            others = [self.parts.pop(name, None) for name in ("next", "refilled")]
        if index is not None:
            index.close()
        if queue is not None:
            queue.close()
        for other in others:
            if other is not None:
                with other.lock:  # it may have this one as its other
                    other.parts.pop("next", None)
                other.close()


_ON_INDEX = ("search", "facets", "texts", "indexer", "catalogue", "recovery", "reconcile", "bulk")
"""Parts that hold the index."""


_lock = threading.Lock()
_runtime: App | None = None
_changeover = Changeover()


def current_app() -> App:
    """The process's app: one, or of two models the one that serves.

    Raises Misconfigured when a setting is wrong.
    """
    global _runtime
    if _runtime is None:
        with _lock:
            if _runtime is None:
                settings = Settings.from_env()
                set_up_logs(settings.log_format)
                limit_arenas(settings.malloc_arena_max)
                _runtime = App(settings)
    found = _runtime
    current = _changeover.current(found)
    if current is not found:
        _runtime = current
    return current


def use_app(replacement: App | None) -> App | None:
    """Makes this the process's app (None: built from the settings on next use).

    Returns the one it replaces, so that a test can put it back.
    """
    global _runtime
    with _lock:
        previous, _runtime = _runtime, replacement
    return previous


def close_app() -> None:
    """A clean end, for hosts that have one; Azure's worker is killed and never calls it."""
    previous = use_app(None)
    if previous is not None:
        previous.close()
