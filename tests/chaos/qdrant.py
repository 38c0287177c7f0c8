"""An index outside of the host's process, which can be made unavailable: a server that speaks
Qdrant's REST API and keeps its points in qdrant-client's local mode, or that passes everything on
to a live server (QDRANT_TEST_URL)."""

import os
import random
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import BaseModel, TypeAdapter
from qdrant_client import QdrantClient, models

from tests.twins.qdrant_server import CUT_OFF, QdrantServer, Reply, serving

REFUSING, HANGING, FAILING, THROTTLING, LOSING = (
    "refuses connections",
    "does not answer",
    "answers 503",
    "answers 429",
    "loses its answers",
)
OUTAGES = (REFUSING, HANGING, FAILING, THROTTLING, LOSING)
HANGS_S = 3.0
"""Longer than the app's patience with one request (QDRANT_TIMEOUT_S) in these tests."""

_OPERATIONS: TypeAdapter[list[models.UpdateOperation]] = TypeAdapter(list[models.UpdateOperation])
_QUERIES: TypeAdapter[list[models.QueryRequest]] = TypeAdapter(list[models.QueryRequest])
_SELECTOR: TypeAdapter[models.PointsSelector] = TypeAdapter(models.PointsSelector)


@dataclass
class KeepingServer(QdrantServer):
    """Answers as Qdrant does, or in the way of the ``outage``."""

    outage: str = ""
    slow_share: float = 0.15
    """The share of requests that wait for up to half a second, so that others overtake them."""
    points: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:"))

    def before_s(self) -> float:
        return random.uniform(0, 0.5) if random.random() < self.slow_share else 0.0

    def reply(self, method: str, path: str, body: Any) -> Reply:
        self.requests.clear()  # nobody reads these here, and there are many
        self.bodies.clear()
        match self.outage:
            case "refuses connections":
                return Reply(CUT_OFF)
            case "does not answer":
                return Reply(CUT_OFF, after_s=HANGS_S)
            case "answers 503":
                return Reply(503, {"status": {"error": "Service unavailable"}})
            case "answers 429":
                return Reply(429, {"status": {"error": "Too many"}}, {"Retry-After": "1"})
            case "loses its answers":
                self.reply_as_qdrant(method, path, body)
                return Reply(CUT_OFF)
        return self.reply_as_qdrant(method, path, body)

    def reply_as_qdrant(self, method: str, path: str, body: Any) -> Reply:
        return super().reply(method, path, body)

    def _result(self, method: str, path: str, body: Any) -> Any:
        result = super()._result(method, path, body)
        match [method, *path.strip("/").split("/")]:
            case ["PUT", "collections", name]:
                vectors = {
                    kind: models.VectorParams(**params) for kind, params in body["vectors"].items()
                }
                words = {
                    kind: models.SparseVectorParams.model_validate(params)
                    for kind, params in body["sparse_vectors"].items()
                }
                self.points.create_collection(name, vectors, words)
        return result

    def _of_points(self, collection: Any, path: list[str], body: Any) -> Any:
        name = next(n for n, c in self.collections.items() if c is collection)
        match path:
            case ["points", "batch"]:
                operations = _OPERATIONS.validate_python(body["operations"])
                return _to_json(self.points.batch_update_points(name, operations))
            case ["points", "query", "batch"]:
                queries = _QUERIES.validate_python(body["searches"])
                return _to_json(self.points.query_batch_points(name, queries))
            case ["points", "delete"]:
                return _to_json(self.points.delete(name, _SELECTOR.validate_python(body)))
            case ["points", "scroll"]:
                return self._page(name, body)
            case ["points"]:
                with_payload = body.get("with_payload", True)
                return _to_json(self.points.retrieve(name, body["ids"], with_payload=with_payload))
            case ["facet"]:
                return _to_json(self.points.facet(name, body["key"], exact=True))
        return super()._of_points(collection, path, body)

    def _page(self, name: str, body: Any) -> Any:
        where = body.get("filter")
        records, next_offset = self.points.scroll(
            name,
            models.Filter.model_validate(where) if where else None,
            limit=body["limit"],
            offset=body.get("offset"),
            with_payload=body.get("with_payload", True),
            with_vectors=body.get("with_vector", False),
        )
        return {"points": _to_json(records), "next_page_offset": next_offset}

    def list_points(self) -> list[models.Record]:
        """Returns all points with payloads and vectors; none before there is a collection."""
        return [
            record
            for name in self.collections
            for record in self.points.scroll(
                name, limit=1_000_000, with_payload=True, with_vectors=True
            )[0]
        ]

    def close(self) -> None:
        self.points.close()


class ForwardingServer(KeepingServer):
    """Stands between the app and a live server; ``list_points`` asks that server itself."""

    def __init__(self, live: str, key: str, alias: str) -> None:
        super().__init__()
        self.points.close()
        # compared versions would be a warning from a thread, which is an error here
        self.points = QdrantClient(
            url=live, api_key=key or None, timeout=60, check_compatibility=False
        )
        self._http = httpx.Client(base_url=live, headers={"api-key": key}, timeout=60)
        self._alias = alias

    def reply_as_qdrant(self, method: str, path: str, body: Any) -> Reply:
        query = f"?{self.query}" if self.query else ""
        response = self._http.request(method, path + query, json=body)
        content_type = response.headers.get("content-type", "application/json")
        return Reply(response.status_code, response.content, {"Content-Type": content_type})

    def list_points(self) -> list[models.Record]:
        return [
            record
            for name in self._collections()
            for record in self.points.scroll(
                name, limit=100_000, with_payload=True, with_vectors=True
            )[0]
        ]

    def close(self) -> None:
        for name in self._collections():
            self.points.delete_collection(name)
        self._http.close()
        self.points.close()

    def _collections(self) -> list[str]:
        collections = self.points.get_collections().collections
        names = [collection.name for collection in collections]
        return [name for name in names if name.startswith(f"{self._alias}__")]


def _to_json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    return [_to_json(item) for item in value]


class ChaosIndex:
    """The server, with a switch that takes it away."""

    def __init__(self) -> None:
        self.alias = f"chaos-{uuid.uuid4().hex[:8]}"
        live = os.environ.get("QDRANT_TEST_URL", "")
        key = os.environ.get("QDRANT_TEST_API_KEY", "")
        self.server = ForwardingServer(live, key, self.alias) if live else KeepingServer()
        self._serving: Any = None
        self._lock = threading.Lock()

    def up(self) -> None:
        with self._lock:
            self.server.outage = ""
            if self._serving is None:
                self._serving = serving(self.server)
                self._serving.__enter__()

    @property
    def outage(self) -> str:
        return self.server.outage

    def fail(self, outage: str) -> None:
        """Fails until ``up``; a server that refuses connections does not even listen."""
        with self._lock:
            self.server.outage = outage
            if outage == REFUSING:
                self._stop()

    def close(self) -> None:
        with self._lock:
            self._stop()
            self.server.close()

    def _stop(self) -> None:
        if self._serving is not None:
            self._serving.__exit__(None, None, None)
            self._serving = None


@contextmanager
def running_index() -> Iterator[ChaosIndex]:
    index = ChaosIndex()
    index.up()
    try:
        yield index
    finally:
        index.close()
