"""Every implementation of the index port; the port's tests run on each.

``build`` makes an index; those of one test share their folder or server. Tests that ask for
``build_qdrant`` run on the two Qdrant adapters only.
"""

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient

from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex
from tests.index_records import spec
from tests.twins.index import MemoryIndex

LOCAL_MODE = pytest.param(
    "local mode",
    marks=[  # what local mode warns that it leaves out changes no result
        pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
        pytest.mark.filterwarnings("ignore:Local mode performs exact .brute-force. search"),
    ],
)
QDRANTS = ["edge", LOCAL_MODE, *(["server"] if "QDRANT_TEST_URL" in os.environ else [])]


@pytest.fixture(params=["memory", *QDRANTS])
def build(request, tmp_path):
    with BUILDERS[request.param](tmp_path) as build_one:
        yield build_one


@pytest.fixture(params=QDRANTS)
def build_qdrant(request, tmp_path):
    with BUILDERS[request.param](tmp_path) as build_one:
        yield build_one


@pytest.fixture
def index(build):
    return build()


@contextmanager
def _build_memory(_: Path) -> Iterator[Callable[..., Any]]:
    yield lambda spec_=None: MemoryIndex((spec_ or spec()).name)


@contextmanager
def _build_edge(folder: Path) -> Iterator[Callable[..., Any]]:
    indexes = []

    def build_one(spec_=None):
        indexes.append(QdrantEdgeIndex(folder, spec_ or spec()))
        return indexes[-1]

    yield build_one
    for index in indexes:
        index.close()


@contextmanager
def _build_local_mode(_: Path) -> Iterator[Callable[..., Any]]:
    client = QdrantClient(":memory:")
    shared = SerializedClient(client)
    yield lambda spec_=None: QdrantCloudIndex(lambda: shared, spec_ or spec())
    client.close()


@contextmanager
def _build_server(_: Path) -> Iterator[Callable[..., Any]]:
    key = os.environ.get("QDRANT_TEST_API_KEY")
    # compared versions would be a warning from a thread, which is an error here
    client = QdrantClient(
        url=os.environ["QDRANT_TEST_URL"], api_key=key, timeout=60, check_compatibility=False
    )
    run, names = f"test-{uuid.uuid4().hex[:8]}-", set()

    def build_one(spec_=None):
        spec_ = spec_ or spec()
        spec_ = replace(spec_, alias=run + spec_.alias.removeprefix(run))
        names.add(spec_.name)
        return QdrantCloudIndex(lambda: UnclosedClient(client), spec_)

    yield build_one
    for name in names:
        client.delete_collection(name)
    client.close()


BUILDERS = {
    "memory": _build_memory,
    "edge": _build_edge,
    "local mode": _build_local_mode,
    "server": _build_server,
}


class UnclosedClient:
    """A client that stays open when an index closes it."""

    def __init__(self, client: QdrantClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def close(self) -> None:
        """The test closes the client."""


class SerializedClient(UnclosedClient):
    """The client's local mode is not made for threads, so its calls wait for one another."""

    def __init__(self, client: QdrantClient) -> None:
        super().__init__(client)
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)

        def call_under_lock(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                return method(*args, **kwargs)

        return call_under_lock
