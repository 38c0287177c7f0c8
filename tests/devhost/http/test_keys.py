"""Function keys and CORS, which the platform asks for and answers before any function runs."""

import json

import pytest

from tests.devhost.running_host import RunningHost, copy_app

SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    app = copy_app("shop", tmp_path_factory.mktemp("keys"))
    settings = {"IsEncrypted": False, "Values": {}, "Host": {"CORS": f"{SHOP}, https://b.example"}}
    (app / "local.settings.json").write_text(json.dumps(settings))
    with RunningHost(app, DEVHOST_KEY="open sesame") as running:
        yield running


@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "wrong"}, {"x-functions-key": "open"}])
def test_without_the_key_a_function_is_not_called(host, headers):
    response = host.client.get("/api/echo/a", headers=headers)
    assert (response.status_code, response.content) == (401, b"")


def test_the_key_opens_as_a_header_and_in_the_query(host):
    key = {"x-functions-key": "open sesame"}
    assert host.client.get("/api/echo/a", headers=key).status_code == 200
    assert host.client.get("/api/echo/a", params={"code": "open sesame"}).status_code == 200


def test_an_unknown_path_is_unknown_with_and_without_a_key(host):
    assert host.client.get("/api/nothing").status_code == 404


PREFLIGHT = {"origin": SHOP, "access-control-request-method": "POST"}


@pytest.mark.parametrize("path", ["/api/echo/a", "/nothing", "/api//size", "/admin/host/status"])
def test_a_preflight_is_answered_before_routing_and_keys(host, path):
    wishes = {**PREFLIGHT, "access-control-request-headers": "x-functions-key"}
    response = host.client.options(path, headers=wishes)
    cors = {k: v for k, v in response.headers.items() if k.startswith("access-control")}
    assert (response.status_code, response.content) == (204, b"")
    assert cors == {
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "x-functions-key",
    }
    assert "vary" not in response.headers


def test_a_preflight_of_a_refused_origin_is_204_without_cors_headers(host):
    wishes = {**PREFLIGHT, "origin": "https://else.example"}
    response = host.client.options("/api/echo/a", headers=wishes)
    assert response.status_code == 204
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_options_that_ask_for_no_method_are_no_preflight(host):
    response = host.client.options("/api/size", headers={"origin": SHOP})
    assert response.status_code == 404


@pytest.mark.parametrize(("origin", "allowed"), [(SHOP, [SHOP]), ("https://else.example", [])])
def test_an_answer_names_the_origin_that_may_read_it(host, origin, allowed):
    headers = {"origin": origin, "x-functions-key": "open sesame"}
    response = host.client.get("/api/echo/a", headers=headers)
    assert response.status_code == 200
    assert response.headers.get_list("access-control-allow-origin") == allowed
