"""Keys that may not do everything: searching goes on, and what is refused is said."""

import pytest

from shared_code.adapters.qdrant.cloud.link import NotAllowed
from shared_code.settings import Settings
from tests.index_records import cloud_index, picture, search, spec, text
from tests.twins.qdrant_server import running_qdrant_server

NAME = spec().name


@pytest.fixture
def server():
    with running_qdrant_server() as running:
        yield running


@pytest.fixture
def app(server):
    made = []

    def with_key(rights, **settings):
        server.rights = rights
        settings = Settings(qdrant_url=server.url, **settings)
        made.append(cloud_index(settings))
        return made[-1]

    yield with_key
    for index in made:
        index.close()


@pytest.fixture
def filled(app):
    app("manage").ping()


def test_a_key_that_reads_is_enough_for_searching(filled, app):
    index = app("read")
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
def test_a_key_that_reads_says_what_it_is_not_for(filled, app, write):
    with pytest.raises(NotAllowed, match=r"QDRANT_API_KEY.*403.*indexing one that writes"):
        write(app("read"))


def test_what_is_missing_for_a_reader_is_logged_and_searched_without(filled, app, caplog):
    fields = {"filterable_fields": {"season": "keyword"}, "qdrant_quantization": "int8"}
    assert search(app("read", **fields)) == []
    assert "may not index metadata.season" in caplog.text
    assert "may not change the quantisation" in caplog.text


def test_a_writer_makes_the_indexes_and_cannot_make_the_collection(filled, app, server):
    app("write", filterable_fields={"season": "keyword"}).ping()
    assert "metadata.season" in server.collections[NAME]["indexes"]
    app("write").write([picture("p")], [])


@pytest.mark.parametrize("rights", ["read", "write"])
def test_who_may_not_make_the_collection_says_who_may(app, rights):
    with pytest.raises(NotAllowed, match=r"no collection.*manages the cluster"):
        app(rights).ping()


@pytest.mark.parametrize("rights", ["read", "write"])
def test_who_may_not_make_the_alias_says_so(filled, app, server, rights):
    server.aliases.clear()
    with pytest.raises(NotAllowed, match=r"no alias 'products'.*manages the cluster"):
        app(rights).ping()
