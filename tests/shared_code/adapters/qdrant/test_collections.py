"""Every implementation of the port Collections: its twin, folders, and Qdrant's client."""

import pytest
from qdrant_client import QdrantClient

from shared_code.adapters.qdrant.cloud.aliases import CloudCollections
from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.adapters.qdrant.edge.aliases import FolderCollections
from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex
from shared_code.domain.errors import Unavailable
from tests.index_records import OTHER_MODEL, spec
from tests.shared_code.adapters.qdrant.conftest import LOCAL_MODE, SerializedClient
from tests.twins.collections import MemoryCollections


@pytest.fixture(params=["memory", "edge", LOCAL_MODE])
def collections_and_build(request, tmp_path):
    """The collections, and a function that builds an index."""
    if request.param == "memory":
        collections = MemoryCollections()
        yield collections, lambda spec_: collections.make_index(spec_.name, is_built=spec_.is_built)
    elif request.param == "edge":
        indexes = []

        def build_edge(spec_):
            indexes.append(QdrantEdgeIndex(tmp_path, spec_))
            return indexes[-1]

        yield FolderCollections(tmp_path, "products"), build_edge
        for index in indexes:
            index.close()
    else:
        client = QdrantClient(":memory:")
        shared = SerializedClient(client)
        collections = CloudCollections(lambda: shared, "products")
        yield collections, lambda spec_: QdrantCloudIndex(lambda: shared, spec_)
        client.close()


def ping_both(build):
    serving, other = build(spec()), build(spec(model=OTHER_MODEL, is_built=True))
    serving.ping()
    other.ping()
    return serving.collection, other.collection


def test_at_first_there_is_no_collection(collections_and_build):
    collections, _ = collections_and_build
    assert (collections.serving(), collections.names()) == (None, [])


def test_a_collection_that_is_built_stands_beside_the_one_that_serves(collections_and_build):
    collections, build = collections_and_build
    first, second = ping_both(build)
    assert collections.serving() == first
    assert collections.names() == sorted([first, second])


def test_the_alias_moves_there_and_back(collections_and_build):
    collections, build = collections_and_build
    first, second = ping_both(build)
    collections.serve(second)
    assert collections.serving() == second
    collections.serve(second)
    collections.serve(first)
    assert collections.serving() == first


def test_a_dropped_collection_is_gone_and_the_other_stays(collections_and_build):
    collections, build = collections_and_build
    serving, other = build(spec()), build(spec(model=OTHER_MODEL, is_built=True))
    serving.ping()
    other.ping()
    other.close()
    collections.drop(other.collection)
    assert collections.names() == [serving.collection]
    collections.drop(other.collection)  # is gone already
    assert serving.counts().products == 0


@pytest.mark.parametrize("collections_and_build", ["edge"], indirect=True)
def test_an_embedded_collection_in_use_is_not_dropped(collections_and_build):
    collections, build = collections_and_build
    first, _ = ping_both(build)
    with pytest.raises(Unavailable, match="in use"):
        collections.drop(first)
