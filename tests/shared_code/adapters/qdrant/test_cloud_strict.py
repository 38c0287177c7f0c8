"""Qdrant Cloud's strict mode refuses to filter, count or order by a field without an index."""

from dataclasses import replace

import pytest

from shared_code.adapters.qdrant.cloud.index import QdrantCloudIndex
from shared_code.domain.filters import AllOf, AnyOf, During, Not, OneOf, Range
from shared_code.domain.ports import VectorQuery, WordQuery
from shared_code.domain.products import PointRef
from shared_code.domain.sorting import SORTABLE, Order
from shared_code.settings import Settings
from shared_code.wiring import connect_to_qdrant
from tests.index_records import FIELDS, make_vector, picture, spec, text
from tests.twins.qdrant_server import running_qdrant_server

WHERE = AllOf(
    (
        OneOf((AnyOf("category", ("a",)), Range("price", gt=1))),
        Not(AnyOf("in_stock", (True,))),
        AnyOf("größe", (5,)),
        AnyOf("size (cm)", ("40",)),
        During("since"),
    )
)
ORDERS = [None, *(Order(f, kind) for f, kind in FIELDS.items() if kind in SORTABLE)]

CALLS = {
    "write": lambda index: index.write([picture("p")], [text("p")]),
    "delete": lambda index: index.delete([PointRef("p")]),
    "delete_product": lambda index: index.delete_product("p"),
    "sources": lambda index: index.sources([PointRef("p")]),
    "nearest": lambda index: index.nearest(
        [VectorQuery("image", make_vector(0)), WordQuery("dress")], limit=5, where=WHERE
    ),
    "vectors": lambda index: index.vectors([PointRef("p")]),
    "images_of": lambda index: index.images_of(["p"]),
    "join_group": lambda index: index.join_group("g", [picture("p").ref]),
    "groups": lambda index: index.groups({"g"}),
    "product": lambda index: index.product("p"),
    "products": lambda index: [index.products(limit=5, where=WHERE, order=o) for o in ORDERS],
    "facet": lambda index: [index.facet(field, limit=5, where=WHERE) for field in FIELDS],
    "extremes": lambda index: [index.extremes(order.field, where=WHERE) for order in ORDERS[1:]],
    "matching": lambda index: index.matching(WHERE),
    "points": lambda index: index.points(limit=5),
    "counts": lambda index: index.counts(),
}
NO_REQUEST_OF_POINTS = {"collection", "ping", "close"}


def test_every_method_is_called_here():
    methods = {name for name in dir(QdrantCloudIndex) if not name.startswith("_")}
    assert methods == CALLS.keys() | NO_REQUEST_OF_POINTS


def collect_keys(body):
    """Returns the fields of conditions, orders and facets: whatever Qdrant calls a key."""
    if isinstance(body, list):
        return {key for value in body for key in collect_keys(value)}
    if not isinstance(body, dict):
        return set()
    inner = {k: v for k, v in body.items() if k not in ("payload", "vector", "key")}
    own = {body["key"]} if isinstance(body.get("key"), str) else set()
    return own | {key for value in inner.values() for key in collect_keys(value)}


@pytest.mark.parametrize("name", CALLS)
def test_every_field_in_a_request_has_an_index(name):
    with running_qdrant_server() as server:
        settings = Settings(qdrant_url=server.url)
        index = QdrantCloudIndex(lambda: connect_to_qdrant(settings), spec())
        index.ping()
        server.bodies.clear()
        CALLS[name](index)
        index.close()
        indexed = server.collections[spec().name]["indexes"].keys()
    assert server.bodies, "it sent no request"
    assert collect_keys(server.bodies) <= indexed


def test_only_a_field_that_changed_its_type_is_indexed_anew():
    with running_qdrant_server() as server:
        settings = Settings(qdrant_url=server.url)
        for fields in (FIELDS, {**FIELDS, "price": "keyword"}):
            server.requests.clear()
            index = QdrantCloudIndex(
                lambda: connect_to_qdrant(settings), replace(spec(), fields=fields)
            )
            index.ping()
            index.close()
        indexes = server.collections[spec().name]["indexes"]
    assert sum(request.endswith("/index") for request in server.requests) == 1
    assert indexes["metadata.price"]["data_type"] == "keyword"


def test_collect_keys_sees_every_key_of_a_filter():
    with running_qdrant_server() as server:
        settings = Settings(qdrant_url=server.url)
        index = QdrantCloudIndex(lambda: connect_to_qdrant(settings), spec())
        index.nearest([VectorQuery("image", make_vector(0))], limit=5, where=WHERE)
        index.close()
    assert {"metadata.price", "metadata.category", "metadata.since"} <= collect_keys(server.bodies)
