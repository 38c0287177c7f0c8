"""From one model to another with no downtime: of two, the one serves that the alias leads to.

A process that has both bundles (MODEL_DIR and NEXT_MODEL_DIR) looks where the alias leads when it
starts and every few seconds; with the alias it changes the model of its queries. A model and its
collection change together, as the app of one model, so no query meets vectors of another model.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Generic, Protocol, TypeVar

from shared_code.domain.errors import AppError, NotFound, Unavailable, Unprocessable
from shared_code.domain.ports import Collections

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""One small request. For this long after the alias was led elsewhere a process may still answer
from the collection before, which is whole until somebody deletes it."""

Self = TypeVar("Self", bound="ModelApp")


class ModelApp(Protocol):
    """The app of one model, as far as a switch knows it."""

    @property
    def collection(self) -> str:
        """The name of this model's collection, whether it serves or not."""

    @property
    def collections(self) -> Collections: ...

    @property
    def has_next_model(self) -> bool: ...

    def for_next_model(self: Self) -> Self:
        """Returns the app of the other model, which fills that model's collection."""

    def for_refill(self: Self) -> Self:
        """Returns an app of the same model that fills its collection, wherever the alias leads."""

    def without_model(self: Self) -> Self:
        """Returns this app with its index still open, but without the model in memory."""

    def close(self) -> None: ...


A = TypeVar("A", bound=ModelApp)


class ModelSwitch(Generic[A]):
    """Owns the app that serves and, where there are two models, the app of the other one.

    Thread-safe; a process has one.
    """

    def __init__(self, serving: A, other: A | None = None) -> None:
        """``other``: built when it is needed, unless passed."""
        self._serving, self._other = serving, other
        self._refill: A | None = None
        self._lock = threading.RLock()
        self._looked = 0.0

    def current(self) -> A:
        """Returns the app that serves now; the one before where the alias cannot be looked up."""
        if self._serving.has_next_model and self._is_time_to_look():
            try:
                self.follow_alias()
            except AppError as exc:
                log.warning("cannot look up where the alias leads: %s", exc)
        return self._serving

    def follow_alias(self) -> None:
        """Has the other app serve if the alias leads to its collection.

        The app that served keeps its index open, for requests under way and for the way back, and
        lets go of its model. Raises Unavailable when the index does not answer.
        """
        target, other = self._serving.collections.serving(), self._other_app()
        if other is None or target is None or target != other.collection:
            return
        with self._lock:
            if self._other is not other:  # another thread was faster
                return
            self._serving, self._other = other, self._serving.without_model()
        log.info("the alias leads to %s now, whose model serves", target)

    def app_for(self, collection: str) -> A:
        """Returns the app that fills this collection; the one that serves for an empty name.

        Raises Unavailable where this process lacks the collection's model (a deployment may be
        under way).
        """
        serving = self.current()
        if not collection:
            return serving
        if collection == serving.collection:
            return self._refill_app() if self._alias_leads_elsewhere(serving) else serving
        other = self._other_app()
        if other is not None and collection == other.collection:
            return other
        raise Unavailable(f"Neither MODEL_DIR nor NEXT_MODEL_DIR is the model of {collection!r}.")

    def collection_to_fill(self, *, complete: bool) -> str:
        """Returns the collection to move to; ``complete``: one that exists already.

        Raises Unprocessable when there is none.
        """
        serving, other = self.current(), self._other_app()
        target = serving.collection if other is None else other.collection
        if target == serving.collections.serving():
            raise Unprocessable(
                "There is no other model to move to: set NEXT_MODEL_DIR to its bundle."
            )
        if complete and target not in serving.collections.names():
            raise Unprocessable(f"There is no collection {target!r} to go back to.")
        return target

    def drop_collection(self, name: str) -> None:
        """Raises NotFound, and Unprocessable for the collection that serves."""
        serving = self.current()
        if name not in serving.collections.names():
            raise NotFound(f"There is no collection {name[:100]!r}.")
        if name in (serving.collections.serving(), serving.collection):
            raise Unprocessable(f"The collection {name!r} serves: lead searches elsewhere first.")
        with self._lock:
            other = self._other
            if other is not None and other.collection == name:
                other.close()
                self._other = None
        serving.collections.drop(name)

    def stop_refill(self) -> None:
        """Once the alias leads to this model's collection, it is opened in the usual way."""
        with self._lock:
            refill, self._refill = self._refill, None
        if refill is not None:
            refill.close()

    def close(self) -> None:
        """Closes every app there is; none of them is used afterwards."""
        with self._lock:
            apps = [self._serving, self._other, self._refill]
            self._other = self._refill = None
        for app in apps:
            if app is not None:
                app.close()

    def _is_time_to_look(self) -> bool:
        """One thread looks; the others go on."""
        now = time.monotonic()
        with self._lock:
            if now - self._looked < LOOK_EVERY_S:
                return False
            self._looked = now
            return True

    def _other_app(self) -> A | None:
        with self._lock:
            if self._other is None and self._serving.has_next_model:
                self._other = self._serving.for_next_model()
            return self._other

    def _refill_app(self) -> A:
        with self._lock:
            if self._refill is None:
                self._refill = self._serving.for_refill()
            return self._refill

    @staticmethod
    def _alias_leads_elsewhere(serving: A) -> bool:
        return serving.collections.serving() not in (None, serving.collection)
