"""From one model to another with no downtime: of two, the one serves that the alias leads to.

A process that has both bundles (MODEL_DIR and NEXT_MODEL_DIR) looks where the alias leads when it
starts and every few seconds; with the alias it changes the model of its queries. A model and its
collection change together, as one ``Runtime``, so no query meets vectors of another model.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from shared_code.core.errors import AppError

if TYPE_CHECKING:
    from shared_code.runtime import Runtime

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""One small request. For this long after the alias was led elsewhere a process may still answer
from the collection before, which is whole until somebody deletes it."""


class Changeover:
    """Thread-safe; a process has one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked = 0.0

    def current(self, serves: Runtime) -> Runtime:
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


def chosen(serves: Runtime) -> Runtime:
    """Raises Unavailable when the index does not answer."""
    target, other = serves.collections.serving(), serves.next
    if other is None or target is None or target != other.collection:
        return serves
    log.info("the alias leads to %s now: model %s serves", target, other.encoder.model.name)
    serves.hand_over_to(other)
    return other
