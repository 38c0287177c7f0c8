"""How a collection's size decides its layout, and which of it reaches the server."""

import pytest

from shared_code.adapters.qdrant.layout import Layout, layout_for, memory_bytes
from shared_code.settings import Settings
from shared_code.wiring import collection_spec
from tests.index_records import MODEL, cloud_index, spec
from tests.twins.qdrant_server import running_qdrant_server

NAME = spec().name
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


def make_collection(server, **settings):
    settings = Settings(qdrant_url=server.url, **settings)
    index = cloud_index(settings)
    index.ping()
    index.close()
    return server.collections[NAME]


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
