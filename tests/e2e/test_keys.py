"""The functions that need a key, on a live app whose host enforces keys."""

import re

import pytest

from tests.host import Host

KEY = "a-key-of-the-tests"
ALWAYS_OPEN = {
    ("GET", "v1/health"),
    ("GET", "v1/openapi.json"),
    ("GET", "v1/docs"),
    ("GET", "dashboard"),
    ("GET", "dashboard/{path}"),
}
FOR_SHOPPERS = {
    ("POST", "v1/search"),
    ("POST", "v1/search-image"),
    ("POST", "v1/search-hybrid"),
    ("GET", "v1/facets"),
    ("GET", "v1/products"),
    ("GET", "v1/products/{product_id}"),
    ("GET", "v1/products/{product_id}/similar"),
    ("GET", "v1/images/{path}"),
}


def list_operations(host):
    """Returns (method, path below api/, needs a key) of the whole API, from the app's document."""
    paths = host.client.get("/api/v1/openapi.json").json()["paths"]
    operations = {
        (method.upper(), path.removeprefix("/api/"), operation.get("security") != [])
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    assert len(operations) > 25
    return operations


def send(host, method, path, **headers):
    url = "/api/" + re.sub(r"\{\w+\}", "x", path)
    return host.client.request(method, url, headers=headers)


def find_open_operations(host, paths):
    """Returns those that reach a function: the host's own 401 and 404 have no body."""
    return {(method, path) for method, path, _ in paths if send(host, method, path).content}


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("private"), DEVHOST_KEY=KEY, PUBLIC_SEARCH="maybe")
    yield host
    host.kill()


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("public"), DEVHOST_KEY=KEY, PUBLIC_SEARCH="true")
    yield host
    host.kill()


def test_a_mistyped_setting_opens_nothing(private, public):
    assert find_open_operations(private, list_operations(public)) == ALWAYS_OPEN


def test_a_public_storefront_opens_searching_and_reading_and_no_more(public):
    assert find_open_operations(public, list_operations(public)) == ALWAYS_OPEN | FOR_SHOPPERS


def test_the_document_says_what_needs_a_key(public):
    without_key = {
        (method, path) for method, path, needs_key in list_operations(public) if not needs_key
    }
    assert without_key == ALWAYS_OPEN | FOR_SHOPPERS


def test_with_the_key_no_operation_is_refused(public):
    key = {"x-functions-key": KEY}
    refused = {
        (method, path)
        for method, path, _ in list_operations(public)
        if send(public, method, path, **key).status_code == 401
    }
    assert refused == set()


def test_a_visitor_searches(public):
    response = public.client.post("/api/v1/search", json={"query": "red dress"})
    assert (response.status_code, response.json()["count"]) == (200, 0)
