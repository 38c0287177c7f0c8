"""Facets and filtered listings through their functions."""

import json

import pytest

from functions.facets import facets
from functions.products import index_product, list_products
from tests.functions.conftest import as_json, assert_problem, body_of, call

PRODUCTS = [
    ("a", {"category": "dress", "price": 5, "in_stock": True}),
    ("b", {"category": "dress", "price": 50}),
    ("c", {"category": "<b>hat</b>", "in_stock": False}),
]


@pytest.fixture
def shop(app):
    for product_id, metadata in PRODUCTS:
        body = {"product_id": product_id, "name": product_id, "metadata": metadata}
        assert call(index_product, **as_json(body)).status_code == 200
    return app


def get_facets(**params):
    return call(facets, method="GET", params=params)


def test_every_field_is_listed_unless_some_are_named(shop):
    body = body_of(get_facets())
    assert body["products"] == 3
    assert [f["field"] for f in body["facets"]] == list(shop.settings.filterable_fields)
    by_field = {facet["field"]: facet for facet in body["facets"]}
    assert by_field["category"]["values"] == [
        {"value": "dress", "count": 2},
        {"value": "<b>hat</b>", "count": 1},
    ]
    assert by_field["price"] == {"field": "price", "type": "number", "min": 5, "max": 50}
    assert by_field["in_stock"]["values"] == [
        {"value": False, "count": 1},
        {"value": True, "count": 1},
    ]
    assert by_field["brand"]["values"] == []
    some = body_of(get_facets(field="price, category"))
    assert [f["field"] for f in some["facets"]] == ["price", "category"]


def test_counts_are_under_the_filter(shop):
    body = body_of(get_facets(field="category", filter='{"price": {"gte": 10}}', limit="1"))
    assert body == {
        "products": 1,
        "facets": [
            {"field": "category", "type": "keyword", "values": [{"value": "dress", "count": 1}]}
        ],
    }
    nothing = body_of(get_facets(field="price", filter='{"category": "none"}'))
    assert nothing == {"products": 0, "facets": [{"field": "price", "type": "number"}]}


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"field": "size"}, "category (keyword)"),
        ({"field": "category,"}, "category (keyword)"),
        ({"field": "metadata.category"}, "category (keyword)"),
        ({"limit": "0"}, "limit"),
        ({"filter": "{"}, "filter"),
        ({"filter": "[]"}, "filter"),
        ({"filter": '{"size": 1}'}, "category (keyword)"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_requests_name_what_is_allowed(shop, params, says):
    assert_problem(get_facets(**params), 422, says=says)


def test_a_listing_can_be_filtered(shop):
    params = {"filter": json.dumps({"category": "dress"}), "limit": "1"}
    first = body_of(call(list_products, method="GET", params=params))
    second = body_of(
        call(list_products, method="GET", params={**params, "cursor": first["cursor"]})
    )
    ids = [first["products"][0]["id"], second["products"][0]["id"]]
    assert sorted(ids) == ["a", "b"]
    bad = call(list_products, method="GET", params={"filter": '{"size": 1}'})
    assert_problem(bad, 422, says="category (keyword)")


@pytest.mark.parametrize(("by", "expected"), [("price", "abc"), ("-price", "bac")])
def test_a_listing_can_be_sorted(shop, by, expected):
    ids, params = "", {"sort": by, "limit": "1"}
    while True:
        page = body_of(call(list_products, method="GET", params=params))
        ids += "".join(product["id"] for product in page["products"])
        if page["cursor"] is None:
            break
        params = params | {"cursor": page["cursor"]}
    assert ids == expected


def test_a_cursor_belongs_to_its_order(shop):
    params = {"sort": "price", "limit": "1"}
    cursor = body_of(call(list_products, method="GET", params=params))["cursor"]
    for other in ({"sort": "-price"}, {}):
        response = call(list_products, method="GET", params={**other, "cursor": cursor})
        assert_problem(response, 422, says="cursor")


@pytest.mark.parametrize("by", ["name", "category", "-", "--price", "metadata.price", "x" * 201])
def test_a_listing_is_sorted_by_numbers_and_dates_only(shop, by):
    response = call(list_products, method="GET", params={"sort": by})
    assert_problem(response, 422, says="price" if len(by) < 200 else "sort")
