"""Every index there is: tests of the port run on each.

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
    marks=[  # what local mode says it leaves out changes no answer
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
def _memory(_: Path) -> Iterator[Callable[..., Any]]:
    yield lambda of=None: MemoryIndex((of or spec()).name)


@contextmanager
def _edge(folder: Path) -> Iterator[Callable[..., Any]]:
    made = []

    def build_one(of=None):
        made.append(QdrantEdgeIndex(folder, of or spec()))
        return made[-1]

    yield build_one
    for index in made:
        index.close()


@contextmanager
def _local_mode(_: Path) -> Iterator[Callable[..., Any]]:
    client = QdrantClient(":memory:")
    shared = OneAtATime(client)
    yield lambda of=None: QdrantCloudIndex(lambda: shared, of or spec())
    client.close()


@contextmanager
def _server(_: Path) -> Iterator[Callable[..., Any]]:
    key = os.environ.get("QDRANT_TEST_API_KEY")
    # compared versions would be a warning from a thread, which is an error here
    client = QdrantClient(
        url=os.environ["QDRANT_TEST_URL"], api_key=key, timeout=60, check_compatibility=False
    )
    run, made = f"test-{uuid.uuid4().hex[:8]}-", set()

    def build_one(of=None):
        of = of or spec()
        of = replace(of, alias=run + of.alias.removeprefix(run))
        made.add(of.name)
        return QdrantCloudIndex(lambda: OneOfMany(client), of)

    yield build_one
    for name in made:
        client.delete_collection(name)
    client.close()


BUILDERS = {"memory": _memory, "edge": _edge, "local mode": _local_mode, "server": _server}


class OneOfMany:
    """A client that outlives the index that closes it."""

    def __init__(self, client: QdrantClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def close(self) -> None:
        """Left to the test."""


class OneAtATime(OneOfMany):
    """The client's local mode, which is not made for threads: its calls wait for one another."""

    def __init__(self, client: QdrantClient) -> None:
        super().__init__(client)
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)

        def locked(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                return method(*args, **kwargs)

        return locked
