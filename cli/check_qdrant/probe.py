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

from cli.check_qdrant.collection_checks import Finding, Level, findings
from shared_code.adapters.qdrant.cloud.collection import Setup
from shared_code.adapters.qdrant.cloud.link import FAILURES, CollectionGone, NotAllowed, translated
from shared_code.adapters.qdrant.points import CollectionSpec
from shared_code.domain.errors import AppError

T = TypeVar("T")

OLDEST = (1, 16)
"""Earlier servers do not know conditional writes: a late event would replace newer words."""

ROUND_TRIPS = 20
SLOW_MS = 50.0
"""More is another region, not another machine: every search makes at least one."""

_NEVER_ADDED = "check-qdrant-asks-whether-it-may"


class Probe:
    """``specs``: of the model, and of the next one if there are two; ``must_write``: the key has
    to be one that indexes."""

    def __init__(
        self, client: QdrantClient, specs: Sequence[CollectionSpec], *, must_write: bool
    ) -> None:
        self._client = client
        self._spec, *_ = self._specs = specs
        self._must_write = must_write

    def run(self) -> Iterator[Finding]:
        """Stops where what follows could only fail for the same reason."""
        server = self._server()
        yield server
        if server.level == "wrong":
            return
        try:
            target = Setup(self._client, self._spec, tried_once).alias_target()
            exists = target is not None or self._exists()
        except AppError as exc:
            yield Finding("wrong", "key", exc.detail)
            return
        self._spec = next((spec for spec in self._specs if spec.name == target), self._spec)
        yield Finding("ok", "key", "is taken")
        yield self._alias(target, exists=exists)
        yield self._rights(exists=exists)
        if exists:
            yield from findings(self._info(target or self._spec.name), self._spec)
        yield self._round_trip()

    def _server(self) -> Finding:
        try:
            said = tried_once(self._client.info).version
        except CollectionGone:
            return Finding("wrong", "server", "what answers at QDRANT_URL is no Qdrant")
        except AppError as exc:
            return Finding("wrong", "server", exc.detail, "Is QDRANT_URL right, with its port?")
        server, client = _numbers(said), _numbers(version("qdrant-client"))
        if server < OLDEST:
            remedy = f"Upgrade it: conditional writes need {OLDEST[0]}.{OLDEST[1]}."
            return Finding("wrong", "server", f"Qdrant {said}", remedy)
        if server[0] != client[0] or abs(server[1] - client[1]) > 1:
            remedy = f"Client and server should be at most one minor version apart ({client})."
            return Finding("warning", "server", f"Qdrant {said}", remedy)
        return Finding("ok", "server", f"Qdrant {said}")

    def _exists(self) -> bool:
        return tried_once(lambda: self._client.collection_exists(self._spec.name))

    def _info(self, name: str) -> models.CollectionInfo:
        return tried_once(lambda: self._client.get_collection(name))

    def _alias(self, target: str | None, *, exists: bool) -> Finding:
        alias, name = self._spec.alias, self._spec.name
        if target == name:
            return Finding("ok", "collection", f"{alias} -> {name}")
        if target is not None:
            remedy = "POST reindex moves to the model loaded; or set MODEL_DIR to that one."
            return Finding("wrong", "collection", f"{alias} -> {target}, of another model", remedy)
        there = "has no alias yet" if exists else "is not there yet"
        remedy = "An app whose key manages the cluster makes both when it is first called."
        level: Level = "warning" if self._must_write else "wrong"
        return Finding(level, "collection", f"{name} {there}", remedy)

    def _rights(self, *, exists: bool) -> Finding:
        """By deleting a point and an alias that cannot be there: let or not, nothing changes."""
        if self._may(self._remove_no_alias):
            return Finding("ok", "rights", "reads, writes, manages")
        if not exists:
            says = "does not manage the cluster; more cannot be told before there is a collection"
            return Finding("wrong", "rights", says, "Start an app first whose key does.")
        if self._may(self._remove_no_point):
            says = "reads and writes; makes no collections or aliases (a change of model does)"
            return Finding("ok", "rights", says)
        if self._must_write:
            remedy = "Give the app a key that writes, or ask with --for search (FOR=search)."
            return Finding("wrong", "rights", "only reads", remedy)
        return Finding("ok", "rights", "only reads")

    def _may(self, request: Callable[[], Any]) -> bool:
        try:
            tried_once(request)
        except NotAllowed:
            return False
        except (CollectionGone, UnexpectedResponse):  # it was let as far as looking for it
            return True
        return True

    def _remove_no_point(self) -> Any:
        nobody = models.PointIdsList(points=[str(uuid.uuid5(uuid.NAMESPACE_URL, _NEVER_ADDED))])
        return self._client.delete(self._spec.name, nobody, wait=True)

    def _remove_no_alias(self) -> Any:
        alias = models.DeleteAlias(alias_name=f"{_NEVER_ADDED}-{uuid.uuid4().hex}")
        operation = models.DeleteAliasOperation(delete_alias=alias)
        return self._client.update_collection_aliases([operation])

    def _round_trip(self) -> Finding:
        took = sorted(_ms(self._exists) for _ in range(ROUND_TRIPS))
        median, worst = statistics.median(took), took[-1]
        says = f"{median:.1f} ms (median of {ROUND_TRIPS}; the longest {worst:.1f})"
        if median <= SLOW_MS:
            return Finding("ok", "round trip", says)
        remedy = "Put app and cluster into one region, or look from there: this is from here."
        return Finding("warning", "round trip", says, remedy)


def tried_once(request: Callable[[], T]) -> T:
    """One attempt, whose failure is translated."""
    try:
        return request()
    except FAILURES as exc:
        failure = translated(exc)
        if failure is None:
            raise
        raise failure from exc


def _ms(request: Callable[[], object]) -> float:
    started = time.perf_counter()
    request()
    return (time.perf_counter() - started) * 1000


def _numbers(text: str) -> tuple[int, int]:
    """Major and minor; a version that cannot be read is an old one."""
    parts = [part for part in text.split(".")[:2] if part.isdecimal()]
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 else (0, 0)
