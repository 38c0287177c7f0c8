"""How a collection's size decides its layout, and which of it reaches the server."""

from dataclasses import replace

import pytest
from qdrant_client import QdrantClient

from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.adapters.qdrant.layout import (
    Layout,
    layout_for,
    memory_bytes,
    write_consistency_for,
)
from shared_code.settings import Settings
from shared_code.wiring import collection_spec
from tests.index_records import MODEL, OTHER_MODEL, cloud_index, spec
from tests.twins.qdrant_server import running_qdrant_server

CLUSTER_KEYS = {"replication_factor", "shard_number", "write_consistency_factor"}
MILLIONS = 320_000_000  # of 8 numbers each: as much as 5 million of 512


def test_the_formula_is_qdrants():
    """Qdrant's capacity planning: a million vectors of 1024 numbers take 6,144,000,000 bytes."""
    assert memory_bytes(1_000_000, 1024) == 6_144_000_000


@pytest.mark.parametrize(
    ("expected", "quantization", "layout"),
    [
        (0, "auto", Layout(None)),
        (0, "none", Layout(False)),
        (0, "int8", Layout(True)),
        (100_000, "auto", Layout(False)),
        (1_000_000, "auto", Layout(True, originals_on_disk=True)),
        (1_000_000, "none", Layout(False)),
        (100_000, "int8", Layout(True)),
        (10_000_000, "auto", Layout(True, originals_on_disk=True, ef_construct=200)),
    ],
)
def test_the_size_decides_unless_the_setting_does(expected, quantization, layout):
    assert layout_for(expected, 512, quantization) == layout


@pytest.fixture
def server():
    with running_qdrant_server() as qdrant:
        yield qdrant


def make_collection(server, model=MODEL, *, is_built=False, **settings):
    """Starts an app on the server; returns the body of the request that made the collection, with
    the changes since then."""
    settings = Settings(qdrant_url=server.url, **settings)
    index = cloud_index(settings, model, is_built=is_built)
    index.ping()
    index.close()
    return server.collections[index.collection]


def test_a_large_collection_is_made_for_its_size(server):
    collection = make_collection(server, expected_vectors=MILLIONS)
    assert collection["vectors"]["image"]["on_disk"] is True
    assert collection["hnsw_config"]["ef_construct"] == 200
    assert collection["quantization_config"]["scalar"] == {
        "type": "int8",
        "quantile": 0.99,
        "always_ram": True,
    }


def test_a_small_collection_is_all_in_memory(server):
    collection = make_collection(server)
    assert collection["vectors"]["image"]["on_disk"] is False
    assert "quantization_config" not in collection


def test_an_app_that_does_not_know_the_size_leaves_the_collection_as_it_is(server):
    make_collection(server, expected_vectors=MILLIONS)
    assert make_collection(server)["quantization_config"] is not None
    assert make_collection(server, qdrant_quantization="none")["quantization_config"] is None


def test_the_spec_takes_the_size_from_the_settings():
    settings = Settings.from_env({"EXPECTED_VECTORS": "123"})
    assert collection_spec(settings, MODEL).expected_vectors == 123


class TestCluster:
    """Copies and shards, which only a server has."""

    @pytest.mark.parametrize(
        ("replication", "required"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (10, 6)]
    )
    def test_a_write_waits_for_most_copies_but_never_for_all(self, replication, required):
        assert write_consistency_for(replication) == required
        assert replication == 1 or required < replication

    def test_by_default_the_engine_chooses(self, server):
        assert make_collection(server).keys() & CLUSTER_KEYS == set()

    def test_copies_and_shards_are_sent_when_the_collection_is_made(self, server):
        collection = make_collection(server, qdrant_replication=3, qdrant_shards=6)
        assert {key: collection[key] for key in CLUSTER_KEYS} == {
            "replication_factor": 3,
            "shard_number": 6,
            "write_consistency_factor": 2,
        }

    def test_two_copies_go_on_taking_writes_when_one_is_lost(self, server):
        collection = make_collection(server, qdrant_replication=2)
        assert collection["write_consistency_factor"] == 1
        assert "shard_number" not in collection

    def test_one_copy_needs_no_word_on_writes(self, server):
        collection = make_collection(server, qdrant_replication=1)
        assert collection["replication_factor"] == 1
        assert "write_consistency_factor" not in collection

    def test_a_collection_that_exists_keeps_its_own(self, server):
        before = dict(make_collection(server))
        after = make_collection(server, qdrant_replication=3, qdrant_shards=6)
        assert after == before
        assert not [request for request in server.requests if request.startswith("PATCH")]

    def test_a_move_to_another_model_applies_the_settings(self, server):
        make_collection(server)
        built = make_collection(
            server, OTHER_MODEL, is_built=True, qdrant_replication=2, qdrant_shards=3
        )
        assert (built["replication_factor"], built["shard_number"]) == (2, 3)

    def test_the_spec_takes_them_from_the_settings(self):
        settings = Settings.from_env({"QDRANT_REPLICATION": "2", "QDRANT_SHARDS": "3"})
        cluster_spec = collection_spec(settings, MODEL)
        assert (cluster_spec.replication, cluster_spec.shards) == (2, 3)
        assert cluster_spec.name == collection_spec(Settings(), MODEL).name

    @pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
    def test_the_clients_local_mode_takes_them_too(self):
        client = QdrantClient(":memory:")
        cluster_spec = replace(spec(), replication=3, shards=6)
        index = QdrantCloudIndex(lambda: client, cluster_spec)
        index.ping()
        assert client.collection_exists(cluster_spec.name)
        index.close()
