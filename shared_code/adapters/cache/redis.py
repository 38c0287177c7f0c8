"""The EmbeddingCache port on Redis, for several instances. It never gets in the way: time-outs
are short, and after a failure nothing is asked of it for a while."""

from __future__ import annotations

import logging
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import redis

from shared_code.domain.errors import Misconfigured
from shared_code.domain.ports import Embedding
from shared_code.domain.timing import stage

if TYPE_CHECKING:
    from shared_code.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT_S = 0.1
"""Of one command or connection. Embedding a text takes a few milliseconds: waiting for longer
would cost more than it may save."""

AWAY_S = 10.0
"""After a failure."""

KEEP_S = 7 * 24 * 3600
"""What nobody has asked for in a week is forgotten; asking does not renew it."""

PREFIX = "catalogue-embedding:"

_WINDOWS = struct.Struct("<I")


class RedisCache:
    def __init__(self, client: redis.Redis, dimension: int) -> None:
        self._client = client
        self._length = dimension * 4 + _WINDOWS.size
        self._away_until = 0.0

    @classmethod
    def from_settings(cls, settings: Settings, dimension: int) -> RedisCache:
        try:
            client = redis.Redis.from_url(
                settings.redis_url,
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
                retry=None,
            )
        except ValueError as exc:
            raise Misconfigured("REDIS_URL must read rediss://… or redis://….") from exc
        return cls(client, dimension)

    def get(self, key: str) -> Embedding | None:
        """None too for what is not an embedding of this model."""
        found = self._asked(lambda: self._client.get(PREFIX + key))
        return self._decoded(found) if isinstance(found, bytes) else None

    def put(self, key: str, embedding: Embedding) -> None:
        data = _WINDOWS.pack(embedding.windows) + embedding.vector.astype("<f4").tobytes()
        self._asked(lambda: self._client.set(PREFIX + key, data, ex=KEEP_S))

    def _asked(self, command: Callable[[], object]) -> object:
        if time.monotonic() < self._away_until:
            return None
        try:
            with stage("cache"):
                return command()
        except (redis.RedisError, OSError) as exc:
            self._away_until = time.monotonic() + AWAY_S
            log.warning("redis is not used for %.0f s: %s", AWAY_S, type(exc).__name__)
            return None

    def _decoded(self, data: bytes) -> Embedding | None:
        if len(data) != self._length:
            return None
        vector = np.frombuffer(data, "<f4", offset=_WINDOWS.size).astype(np.float32)
        if not abs(float(vector @ vector) - 1) < 1e-3:  # NaN fails it, too
            return None
        [windows] = _WINDOWS.unpack_from(data)
        return Embedding(vector, windows)
