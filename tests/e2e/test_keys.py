"""Which functions need a key: asked of a live app whose host enforces them."""

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


def operations(host):
    """(method, path below api/, needs a key) of the whole API, as the app's document says."""
    paths = host.client.get("/api/v1/openapi.json").json()["paths"]
    found = {
        (method.upper(), path.removeprefix("/api/"), told.get("security") != [])
        for path, methods in paths.items()
        for method, told in methods.items()
    }
    assert len(found) > 25
    return found


def asked(host, method, path, **headers):
    url = "/api/" + re.sub(r"\{\w+\}", "x", path)
    return host.client.request(method, url, headers=headers)


def open_to_all(host, paths):
    """What a function answers (the host's own 401 and 404 have no body)."""
    return {(method, path) for method, path, _ in paths if asked(host, method, path).content}


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
    assert open_to_all(private, operations(public)) == ALWAYS_OPEN


def test_a_public_storefront_opens_searching_and_reading_and_no_more(public):
    assert open_to_all(public, operations(public)) == ALWAYS_OPEN | FOR_SHOPPERS


def test_the_document_says_what_needs_a_key(public):
    said = {(method, path) for method, path, needs_key in operations(public) if not needs_key}
    assert said == ALWAYS_OPEN | FOR_SHOPPERS


def test_with_the_key_everything_is_reached(public):
    key = {"x-functions-key": KEY}
    refused = {
        (method, path)
        for method, path, _ in operations(public)
        if asked(public, method, path, **key).status_code == 401
    }
    assert refused == set()


def test_a_visitor_searches(public):
    answer = public.client.post("/api/v1/search", json={"query": "red dress"})
    assert (answer.status_code, answer.json()["count"]) == (200, 0)
