"""With a key of limited rights searching goes on, and errors name what the key may not do."""

import pytest

from shared_code.adapters.qdrant.cloud.link import NotAllowed
from shared_code.settings import Settings
from tests.index_records import cloud_index, picture, search, spec, text
from tests.twins.qdrant_server import running_qdrant_server

NAME = spec().name


@pytest.fixture
def server():
    with running_qdrant_server() as qdrant:
        yield qdrant


@pytest.fixture
def index_with_rights(server):
    indexes = []

    def build(rights, **settings):
        server.rights = rights
        settings = Settings(qdrant_url=server.url, **settings)
        indexes.append(cloud_index(settings))
        return indexes[-1]

    yield build
    for index in indexes:
        index.close()


@pytest.fixture
def existing_collection(index_with_rights):
    index_with_rights("manage").ping()


def test_a_read_only_key_is_enough_for_searching(existing_collection, index_with_rights):
    index = index_with_rights("read")
    assert search(index) == []
    assert index.counts().images == 2
    assert index.product("p") is None


@pytest.mark.parametrize(
    "write",
    [
        lambda index: index.write([picture("p")], [text("p")]),
        lambda index: index.delete_product("p"),
        lambda index: index.join_group("g", [picture("p").ref]),
    ],
)
def test_a_read_only_key_cannot_write_and_says_so(existing_collection, index_with_rights, write):
    with pytest.raises(NotAllowed, match=r"QDRANT_API_KEY.*403.*indexing one that writes"):
        write(index_with_rights("read"))


def test_a_reader_logs_what_is_missing_and_searches_without_it(
    existing_collection, index_with_rights, caplog
):
    fields = {"filterable_fields": {"season": "keyword"}, "qdrant_quantization": "int8"}
    assert search(index_with_rights("read", **fields)) == []
    assert "may not index metadata.season" in caplog.text
    assert "may not change the quantisation" in caplog.text


def test_a_writer_makes_the_indexes_and_cannot_make_the_collection(
    existing_collection, index_with_rights, server
):
    index_with_rights("write", filterable_fields={"season": "keyword"}).ping()
    assert "metadata.season" in server.collections[NAME]["indexes"]
    index_with_rights("write").write([picture("p")], [])


@pytest.mark.parametrize("rights", ["read", "write"])
def test_a_key_that_may_not_make_the_collection_says_which_may(index_with_rights, rights):
    with pytest.raises(NotAllowed, match=r"no collection.*manages the cluster"):
        index_with_rights(rights).ping()


@pytest.mark.parametrize("rights", ["read", "write"])
def test_a_key_that_may_not_make_the_alias_says_so(
    existing_collection, index_with_rights, server, rights
):
    server.aliases.clear()
    with pytest.raises(NotAllowed, match=r"no alias 'products'.*manages the cluster"):
        index_with_rights(rights).ping()
