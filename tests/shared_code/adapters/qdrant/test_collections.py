"""The port Collections: its twin, folders of the embedded index, Qdrant's client."""

import pytest
from qdrant_client import QdrantClient

from shared_code.adapters.qdrant.cloud.aliases import CloudCollections
from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.adapters.qdrant.edge.aliases import FolderCollections
from shared_code.adapters.qdrant.edge.index import QdrantEdgeIndex
from shared_code.domain.errors import Unavailable
from tests.index_records import OTHER_MODEL, spec
from tests.shared_code.adapters.qdrant.conftest import LOCAL_MODE, OneAtATime
from tests.twins.collections import MemoryCollections


@pytest.fixture(params=["memory", "edge", LOCAL_MODE])
def places(request, tmp_path):
    """The collections, and what makes an index."""
    if request.param == "memory":
        collections = MemoryCollections()
        yield collections, lambda of: collections.made(of.name, is_built=of.is_built)
    elif request.param == "edge":
        made = []

        def edge(of):
            made.append(QdrantEdgeIndex(tmp_path, of))
            return made[-1]

        yield FolderCollections(tmp_path, "products"), edge
        for index in made:
            index.close()
    else:
        client = QdrantClient(":memory:")
        shared = OneAtATime(client)
        collections = CloudCollections(lambda: shared, "products")
        yield collections, lambda of: QdrantCloudIndex(lambda: shared, of)
        client.close()


def filled(build):
    serving, other = build(spec()), build(spec(model=OTHER_MODEL, is_built=True))
    serving.ping()
    other.ping()
    return serving.collection, other.collection


def test_at_the_beginning_there_is_nothing(places):
    collections, _ = places
    assert (collections.serving(), collections.names()) == (None, [])


def test_one_that_is_filled_stands_beside_the_one_that_serves(places):
    collections, build = places
    first, second = filled(build)
    assert collections.serving() == first
    assert collections.names() == sorted([first, second])


def test_the_alias_is_led_there_and_back(places):
    collections, build = places
    first, second = filled(build)
    collections.serve(second)
    assert collections.serving() == second
    collections.serve(second)
    collections.serve(first)
    assert collections.serving() == first


def test_one_is_dropped_and_the_other_stays(places):
    collections, build = places
    serving, other = build(spec()), build(spec(model=OTHER_MODEL, is_built=True))
    serving.ping()
    other.ping()
    other.close()
    collections.drop(other.collection)
    assert collections.names() == [serving.collection]
    collections.drop(other.collection)  # is gone already
    assert serving.counts().products == 0


@pytest.mark.parametrize("places", ["edge"], indirect=True)
def test_an_embedded_one_in_use_is_not_dropped(places):
    collections, build = places
    first, _ = filled(build)
    with pytest.raises(Unavailable, match="in use"):
        collections.drop(first)
