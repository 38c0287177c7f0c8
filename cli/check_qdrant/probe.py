"""Asks a Qdrant server whether this app can work with it; changes nothing there."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from typing import Any, TypeVar

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from cli.check_qdrant.collection_checks import (
    Finding,
    Level,
    check_collection,
    count_active_copies,
)
from shared_code.adapters.qdrant.cloud.collection import Setup
from shared_code.adapters.qdrant.cloud.link import FAILURES, CollectionGone, NotAllowed, translated
from shared_code.adapters.qdrant.points import CollectionSpec
from shared_code.domain.errors import AppError

T = TypeVar("T")

OLDEST = (1, 16)
"""Earlier servers have no conditional writes: a late event would overwrite newer data."""

ROUND_TRIPS = 20
SLOW_MS = 50.0
"""A longer one means another region: every search makes at least one."""

_UNKNOWN_NAME = "check-qdrant-asks-whether-it-may"


class QdrantProbe:
    """Checks one server for one app."""

    def __init__(
        self, client: QdrantClient, specs: Sequence[CollectionSpec], *, must_write: bool
    ) -> None:
        """``specs``: one for the model and, where there is one, another for the next model;
        ``must_write``: the app indexes, so its key has to allow that."""
        self._client = client
        self._spec, *_ = self._specs = specs
        self._must_write = must_write

    def run(self) -> Iterator[Finding]:
        """Yields the findings, and stops after one that would make all others fail as well."""
        server = self._check_version()
        yield server
        if server.level == "wrong":
            return
        try:
            target = Setup(self._client, self._spec, try_once).alias_target()
            exists = target is not None or self._collection_exists()
        except AppError as exc:
            yield Finding("wrong", "key", exc.detail)
            return
        self._spec = next((spec for spec in self._specs if spec.name == target), self._spec)
        yield Finding("ok", "key", "is accepted")
        yield self._check_alias(target, exists=exists)
        yield self._check_rights(exists=exists)
        if exists:
            name = target or self._spec.name
            info = try_once(lambda: self._client.get_collection(name))
            active_copies = self._count_active_copies(name)
            yield from check_collection(info, self._spec, active_copies=active_copies)
        yield self._measure_round_trip()

    def _check_version(self) -> Finding:
        try:
            reported = try_once(self._client.info).version
        except CollectionGone:
            return Finding("wrong", "server", "the server at QDRANT_URL is not a Qdrant")
        except AppError as exc:
            return Finding("wrong", "server", exc.detail, "Is QDRANT_URL right, with its port?")
        server, client = _parse_version(reported), _parse_version(version("qdrant-client"))
        if server < OLDEST:
            remedy = f"Upgrade it: conditional writes need {OLDEST[0]}.{OLDEST[1]}."
            return Finding("wrong", "server", f"Qdrant {reported}", remedy)
        if server[0] != client[0] or abs(server[1] - client[1]) > 1:
            remedy = f"Client and server should be at most one minor version apart ({client})."
            return Finding("warning", "server", f"Qdrant {reported}", remedy)
        return Finding("ok", "server", f"Qdrant {reported}")

    def _collection_exists(self) -> bool:
        return try_once(lambda: self._client.collection_exists(self._spec.name))

    def _count_active_copies(self, name: str) -> int | None:
        """Returns the copies in service of the shard with the fewest; None where the key may not
        ask, or the client's local mode has no shards."""
        try:
            return count_active_copies(try_once(lambda: self._client.collection_cluster_info(name)))
        except (NotAllowed, NotImplementedError):
            return None

    def _check_alias(self, target: str | None, *, exists: bool) -> Finding:
        alias, name = self._spec.alias, self._spec.name
        if target == name:
            return Finding("ok", "collection", f"{alias} -> {name}")
        if target is not None:
            remedy = (
                "Move to the loaded model with POST reindex, or set MODEL_DIR to the other one."
            )
            summary = f"{alias} -> {target}, which belongs to another model"
            return Finding("wrong", "collection", summary, remedy)
        state = "has no alias yet" if exists else "does not exist yet"
        remedy = "An app whose key may manage the cluster makes both on its first call."
        level: Level = "warning" if self._must_write else "wrong"
        return Finding(level, "collection", f"{name} {state}", remedy)

    def _check_rights(self, *, exists: bool) -> Finding:
        """Tries to delete an alias and a point that do not exist, so that nothing changes whether
        the key allows it or not."""
        if self._is_allowed(self._delete_unknown_alias):
            return Finding("ok", "rights", "can read, write and manage")
        if not exists:
            summary = "cannot manage the cluster; whether it can write shows with a collection"
            return Finding("wrong", "rights", summary, "Start an app first whose key can manage.")
        if self._is_allowed(self._delete_unknown_point):
            summary = "can read and write; a change of model needs a key that can manage"
            return Finding("ok", "rights", summary)
        if self._must_write:
            remedy = "Give the app a key that can write, or check with --for search (FOR=search)."
            return Finding("wrong", "rights", "can only read", remedy)
        return Finding("ok", "rights", "can only read")

    def _is_allowed(self, request: Callable[[], Any]) -> bool:
        try:
            try_once(request)
        except NotAllowed:
            return False
        except (CollectionGone, UnexpectedResponse):  # the key got us past the check of rights
            return True
        return True

    def _delete_unknown_point(self) -> Any:
        point_id = str(uuid.uuid5(uuid.NAMESPACE_URL, _UNKNOWN_NAME))
        selector = models.PointIdsList(points=[point_id])
        return self._client.delete(self._spec.name, selector, wait=True)

    def _delete_unknown_alias(self) -> Any:
        alias = models.DeleteAlias(alias_name=f"{_UNKNOWN_NAME}-{uuid.uuid4().hex}")
        operation = models.DeleteAliasOperation(delete_alias=alias)
        return self._client.update_collection_aliases([operation])

    def _measure_round_trip(self) -> Finding:
        times = sorted(_measure_ms(self._collection_exists) for _ in range(ROUND_TRIPS))
        median, longest = statistics.median(times), times[-1]
        summary = f"{median:.1f} ms (median of {ROUND_TRIPS}; the longest {longest:.1f})"
        if median <= SLOW_MS:
            return Finding("ok", "round trip", summary)
        remedy = (
            "Put app and cluster into one region. If they are, check from there: not from here."
        )
        return Finding("warning", "round trip", summary, remedy)


def try_once(request: Callable[[], T]) -> T:
    """Sends the request without retries, and translates its failure."""
    try:
        return request()
    except FAILURES as exc:
        failure = translated(exc)
        if failure is None:
            raise
        raise failure from exc


def _measure_ms(request: Callable[[], object]) -> float:
    started = time.perf_counter()
    request()
    return (time.perf_counter() - started) * 1000


def _parse_version(text: str) -> tuple[int, int]:
    """Returns major and minor version; (0, 0) for a text that is no version."""
    parts = [part for part in text.split(".")[:2] if part.isdecimal()]
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 else (0, 0)
