"""The EmbeddingCache port on Redis, shared by several instances. It never gets in the way: its
time-outs are short, and after a failure it is not used for a while."""

from __future__ import annotations

import logging
import struct
import time
from collections.abc import Callable

import numpy as np
import redis

from shared_code.domain.errors import Misconfigured
from shared_code.domain.ports import Embedding
from shared_code.domain.timing import stage

log = logging.getLogger(__name__)

TIMEOUT_S = 0.1
"""For a command or a connection. Embedding a text takes a few milliseconds, so waiting for longer
would cost more than it may save."""

PAUSE_S = 10.0
"""How long Redis is not used after a failure."""

TIME_TO_LIVE_S = 7 * 24 * 3600
"""Counted from the write: reading an entry does not renew it."""

KEY_PREFIX = "catalogue-embedding:"

_WINDOWS = struct.Struct("<I")


class RedisCache:
    def __init__(self, client: redis.Redis, dimension: int) -> None:
        self._client = client
        self._entry_bytes = dimension * 4 + _WINDOWS.size
        self._paused_until = 0.0

    @classmethod
    def connect(cls, url: str, *, dimension: int) -> RedisCache:
        """Makes no request. Raises Misconfigured for a text that is not a Redis URL."""
        try:
            client = redis.Redis.from_url(
                url,
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
                retry=None,
            )
        except ValueError as exc:
            raise Misconfigured("REDIS_URL must begin with rediss:// or redis://.") from exc
        return cls(client, dimension)

    def get(self, key: str) -> Embedding | None:
        """Returns None also for data that is not an embedding of this model."""
        data = self._run(lambda: self._client.get(KEY_PREFIX + key))
        return self._decode(data) if isinstance(data, bytes) else None

    def put(self, key: str, embedding: Embedding) -> None:
        data = _WINDOWS.pack(embedding.windows) + embedding.vector.astype("<f4").tobytes()
        self._run(lambda: self._client.set(KEY_PREFIX + key, data, ex=TIME_TO_LIVE_S))

    def _run(self, command: Callable[[], object]) -> object:
        """Returns None while Redis is not used, and where the command fails."""
        if time.monotonic() < self._paused_until:
            return None
        try:
            with stage("cache"):
                return command()
        except (redis.RedisError, OSError) as exc:
            self._paused_until = time.monotonic() + PAUSE_S
            log.warning("redis is not used for %.0f s: %s", PAUSE_S, type(exc).__name__)
            return None

    def _decode(self, data: bytes) -> Embedding | None:
        if len(data) != self._entry_bytes:
            return None
        vector = np.frombuffer(data, "<f4", offset=_WINDOWS.size).astype(np.float32)
        if not abs(float(vector @ vector) - 1) < 1e-3:  # NaN fails this as well
            return None
        [windows] = _WINDOWS.unpack_from(data)
        return Embedding(vector, windows)
