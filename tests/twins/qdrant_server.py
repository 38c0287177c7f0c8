"""A stand-in for a Qdrant server: enough of its REST API to set up a collection, and failures
on demand. What a search finds is tested elsewhere, on real engines."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CUT_OFF = 0
"""As a status: the connection ends without a response."""

_REST_OF_INFO = {
    "status": "green",
    "optimizer_status": "ok",
    "segments_count": 1,
    "indexed_vectors_count": 0,
    "points_count": 0,
}
_REST_OF_CONFIG = {
    "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
    "optimizer_config": {
        "deleted_threshold": 0.2,
        "vacuum_min_vector_number": 1000,
        "default_segment_number": 0,
        "flush_interval_sec": 5,
    },
}


_CLUSTER_PARAMS = ("shard_number", "replication_factor", "write_consistency_factor")


@dataclass
class Reply:
    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0


@dataclass
class QdrantServer:
    port: int = 0
    query: str = ""
    """The query string of the request in hand."""
    replies: deque[Reply] = field(default_factory=deque)
    """Sent first, one per request; after them, requests are handled in earnest."""
    requests: list[str] = field(default_factory=list)
    """Method and path, in order."""
    bodies: list[Any] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)
    collections: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    stored: list[Any] = field(default_factory=list)
    """What a look-up of points returns, whatever ids it asks for."""

    refused_path: str = ""
    version: str = "1.20.0"
    rights: str = "manage"
    """The rights of every key: manage, write or read."""
    strict_mode: dict[str, Any] | None = None
    nodes: int = 1
    stopped_nodes: int = 0
    tells_cluster: bool = True
    """Whether a key may ask on which nodes a collection lies."""

    def before_s(self) -> float:
        """Returns how long a request waits before anything is done with it."""
        return 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reply(self, method: str, path: str, body: Any) -> Reply:
        if self.replies:
            return self.replies.popleft()
        if not _is_allowed(self.rights, method, path):
            return Reply(403, {"status": {"error": "Forbidden: Write access is required"}})
        if path.endswith("/cluster") and not self.tells_cluster:
            return Reply(403, {"status": {"error": "Forbidden"}})
        if path == "/":
            return Reply(body={"title": "qdrant", "version": self.version})
        if path == self.refused_path:
            return Reply(409, {"status": {"error": "Wrong input"}})
        try:
            return Reply(body={"result": self._result(method, path, body), "status": "ok"})
        except KeyError:
            return Reply(404, {"status": {"error": "Not found: Collection doesn't exist!"}})

    def _result(self, method: str, path: str, body: Any) -> Any:
        match [method, *path.strip("/").split("/")]:
            case ["GET", "aliases"]:
                pairs = self.aliases.items()
                return {"aliases": [{"alias_name": a, "collection_name": c} for a, c in pairs]}
            case ["POST", "collections", "aliases"]:
                return self._change_aliases(body["actions"])
            case ["GET", "collections", name, "exists"]:
                return {"exists": name in self.collections}
            case ["PUT", "collections", name]:
                self.collections[name] = {**body, "indexes": {}}
                return True
            case ["PATCH", "collections", name]:
                quantization = body["quantization_config"]
                self.collections[name]["quantization_config"] = (
                    None if quantization == "Disabled" else quantization
                )
                return True
            case ["GET", "collections", name]:
                return _describe_collection(self.collections[name], self.strict_mode)
            case ["GET", "collections", name, "cluster"]:
                return self._describe_shards(self.collections[name])
            case [_, "collections", name, *rest]:
                return self._of_points(self.collections[name], rest, body)
        raise KeyError(path)

    def _change_aliases(self, actions: list[Any]) -> bool:
        for action in actions:
            if deleted := action.get("delete_alias"):
                del self.aliases[deleted["alias_name"]]
            if created := action.get("create_alias"):
                self.aliases[created["alias_name"]] = created["collection_name"]
        return True

    def _describe_shards(self, collection: Any) -> Any:
        """Puts copy c of shard s on node s + c, on as many nodes as there are; the last are down.

        The first node answers, so its shards are the local ones."""
        local, remote = [], []
        copies = min(collection.get("replication_factor", 1), self.nodes)
        for shard in range(collection.get("shard_number", 1)):
            for node in ((shard + copy) % self.nodes for copy in range(copies)):
                state = "Dead" if node >= self.nodes - self.stopped_nodes else "Active"
                if node == 0:
                    local.append({"shard_id": shard, "points_count": 0, "state": state})
                else:
                    remote.append({"shard_id": shard, "peer_id": node, "state": state})
        shards = {"local_shards": local, "remote_shards": remote, "shard_transfers": []}
        return {"peer_id": 0, "shard_count": collection.get("shard_number", 1), **shards}

    def _of_points(self, collection: Any, path: list[str], body: Any) -> Any:
        completed = {"operation_id": 1, "status": "completed"}
        match path:
            case ["index"]:
                index = {"data_type": body["field_schema"], "points": 0}
                collection["indexes"][body["field_name"]] = index
                return completed
            case ["points", "batch"]:
                return [completed] * len(body["operations"])
            case ["points", "query", "batch"]:
                return [{"points": []}] * len(body["searches"])
            case ["points", "delete"]:
                return completed
            case ["points", "scroll"]:
                return {"points": [], "next_page_offset": None}
            case ["points"]:
                return self.stored
            case ["facet"]:
                return {"hits": [{"value": "image", "count": 2}]}
        raise KeyError(path)


def _is_allowed(rights: str, method: str, path: str) -> bool:
    """Follows Qdrant's table of access, for the requests that this server knows."""
    last = path.rpartition("/")[2]
    if method == "GET" or last in ("points", "query", "batch", "scroll", "facet"):
        reads = not path.endswith("points/batch") and method != "PUT"
        return reads or rights != "read"
    if last in ("index", "delete"):
        return rights != "read"
    return rights == "manage"


def _describe_collection(collection: Any, strict_mode: dict[str, Any] | None) -> Any:
    params = {
        "vectors": collection["vectors"],
        "sparse_vectors": collection.get("sparse_vectors"),
        **{name: collection[name] for name in _CLUSTER_PARAMS if name in collection},
    }
    quantization = collection.get("quantization_config")
    config = {"params": params, "quantization_config": quantization, **_REST_OF_CONFIG}
    config["strict_mode_config"] = strict_mode
    points = collection.get("points_count", 0)
    info = {"config": config, "payload_schema": collection["indexes"], **_REST_OF_INFO}
    return {**info, "points_count": points}


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def _answer(self) -> None:
        qdrant: QdrantServer = self.server.qdrant
        path = self.path.partition("?")[0]
        payload = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(payload) if payload else None
        time.sleep(qdrant.before_s())
        with self.server.lock:
            qdrant.query = self.path.partition("?")[2]
            qdrant.requests.append(f"{self.command} {path}")
            qdrant.bodies.append(body)
            qdrant.keys.add(self.headers.get("api-key"))
            reply = qdrant.reply(self.command, path, body)
        time.sleep(reply.after_s)
        if reply.status == CUT_OFF:
            return
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_PATCH = _answer

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """A client that gave up waiting is part of the tests."""


@contextmanager
def serving(qdrant: QdrantServer) -> Iterator[None]:
    """Serves on the port that ``qdrant`` has, or on a free one."""
    with _Server(("127.0.0.1", qdrant.port), _Handler) as http:
        http.lock = threading.Lock()
        http.qdrant = qdrant
        qdrant.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            http.shutdown()
            thread.join()


@contextmanager
def running_qdrant_server() -> Iterator[QdrantServer]:
    qdrant = QdrantServer()
    with serving(qdrant):
        yield qdrant
