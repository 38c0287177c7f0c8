"""Function keys and CORS, which the platform asks for and answers before any function runs."""

import json

import pytest

from tests.devhost.running import Running, copied

SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    app = copied("shop", tmp_path_factory.mktemp("keys"))
    settings = {"IsEncrypted": False, "Values": {}, "Host": {"CORS": f"{SHOP}, https://b.example"}}
    (app / "local.settings.json").write_text(json.dumps(settings))
    with Running(app, DEVHOST_KEY="open sesame") as running:
        yield running


@pytest.mark.parametrize("given", [{}, {"x-functions-key": "wrong"}, {"x-functions-key": "open"}])
def test_without_the_key_a_function_is_not_called(host, given):
    response = host.client.get("/api/echo/a", headers=given)
    assert (response.status_code, response.content) == (401, b"")


def test_the_key_opens_as_a_header_and_in_the_query(host):
    key = {"x-functions-key": "open sesame"}
    assert host.client.get("/api/echo/a", headers=key).status_code == 200
    assert host.client.get("/api/echo/a", params={"code": "open sesame"}).status_code == 200


def test_an_unknown_path_is_unknown_with_and_without_a_key(host):
    assert host.client.get("/api/nothing").status_code == 404


def test_pages_of_the_origins_may_ask_and_read(host):
    asks = {"origin": SHOP, "access-control-request-method": "POST"}
    asks["access-control-request-headers"] = "x-functions-key"
    preflight = host.client.options("/api/echo/a", headers=asks)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == SHOP
    key = {"x-functions-key": "open sesame"}
    answer = host.client.get("/api/echo/a", headers={"origin": SHOP, **key})
    assert answer.headers.get_list("access-control-allow-origin") == [SHOP]


def test_other_pages_may_not(host):
    asks = {"origin": "https://else.example", "access-control-request-method": "POST"}
    assert host.client.options("/api/echo/a", headers=asks).status_code == 400
    answer = host.client.get("/api/echo/a", headers={"origin": "https://else.example"})
    assert "access-control-allow-origin" not in answer.headers
