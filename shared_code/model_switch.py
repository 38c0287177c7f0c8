"""From one model to another with no downtime: of two, the one serves that the alias leads to.

A process that has both bundles (MODEL_DIR and NEXT_MODEL_DIR) looks where the alias leads when it
starts and every few seconds; with the alias it changes the model of its queries. A model and its
collection change together, as one ``App``, so no query meets vectors of another model.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from shared_code.domain.errors import AppError, NotFound, Unavailable, Unprocessable

if TYPE_CHECKING:
    from shared_code.app import App

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""One small request. For this long after the alias was led elsewhere a process may still answer
from the collection before, which is whole until somebody deletes it."""


class Changeover:
    """Thread-safe; a process has one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked = 0.0

    def current(self, serves: App) -> App:
        """The runtime that serves now. Where the alias cannot be looked up, the one before."""
        if serves.settings.has_next_model and self._is_time():
            try:
                return chosen(serves)
            except AppError as exc:
                log.warning("not known where the alias leads: %s", exc)
        return serves

    def _is_time(self) -> bool:
        """One thread looks; the others go on."""
        now = time.monotonic()
        with self._lock:
            if now - self._looked < LOOK_EVERY_S:
                return False
            self._looked = now
            return True


def chosen(serves: App) -> App:
    """Raises Unavailable when the index does not answer."""
    target, other = serves.collections.serving(), serves.next
    if other is None or target is None or target != other.collection:
        return serves
    log.info("the alias leads to %s now: model %s serves", target, other.encoder.model.name)
    serves.hand_over_to(other)
    return other


def filling(app: App, collection: str) -> App:
    """What fills this collection; empty: the one that serves. Raises Unavailable where this
    process has not got its model (yet: a deployment may be under way)."""
    if not collection or (collection == app.collection and not _is_elsewhere(app)):
        return app
    if collection == app.collection:
        return app.refilled
    if app.next is not None and collection == app.next.collection:
        return app.next
    raise Unavailable(f"Neither MODEL_DIR nor NEXT_MODEL_DIR is the model of {collection!r}.")


def to_fill(app: App, *, complete: bool) -> str:
    """The collection to move to; ``complete``: one that is there already.

    Raises Unprocessable when there is none.
    """
    into = app.collection if app.next is None else app.next.collection
    if into == app.collections.serving():
        raise Unprocessable("There is no other model to move to: set NEXT_MODEL_DIR to its bundle.")
    if complete and into not in app.collections.names():
        raise Unprocessable(f"There is no collection {into!r} to go back to.")
    return into


def drop_collection(app: App, name: str) -> None:
    """Raises NotFound, and Unprocessable for the one that serves."""
    if name not in app.collections.names():
        raise NotFound(f"There is no collection {name[:100]!r}.")
    if name in (app.collections.serving(), app.collection):
        raise Unprocessable(f"The collection {name!r} serves: lead searches elsewhere first.")
    other = app.parts.get("next")
    if other is not None and other.collection == name:
        other.close()
        app.parts.pop("next", None)
    app.collections.drop(name)


def stop_refilling(app: App) -> None:
    """The alias leads to this model's collection now: it is opened in the usual way."""
    with app.lock:
        refilled = app.parts.pop("refilled", None)
    if refilled is not None:
        refilled.close()


def _is_elsewhere(app: App) -> bool:
    return app.collections.serving() not in (None, app.collection)
