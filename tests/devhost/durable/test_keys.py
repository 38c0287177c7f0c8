"""Access to the HTTP API of Durable Functions on a host with a key."""

import pytest

from tests.devhost.durable.durable_host import HOOKS, DurableAppHost
from tests.devhost.running_host import copy_app

KEY = "open/sesame?&"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with DurableAppHost(
        copy_app("durable", tmp_path_factory.mktemp("keys")), DEVHOST_KEY=KEY
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "instances"),
        ("GET", "instances/any"),
        ("POST", "orchestrators/chain"),
        ("POST", "instances/any/terminate"),
        ("DELETE", "instances/any"),
    ],
)
def test_without_the_key_every_request_is_refused(host, method, path):
    response = host.client.request(method, f"{HOOKS}/{path}")
    assert (response.status_code, response.content) == (401, b"")


def test_without_the_key_events_are_refused_too(host):
    assert host.client.post("/runtime/webhooks/blobs").status_code == 401


def test_the_client_needs_no_key_and_puts_it_into_its_links(host):
    response = host.client.post("/api/start/chain/keyed", content="2")  # an anonymous function
    links = response.json()
    assert host.wait_until_ended("keyed")["output"] == [0, 2]
    assert host.client.get(links["statusQueryGetUri"]).json()["instanceId"] == "keyed"
    ended = links["terminatePostUri"].replace("{text}", "late")
    assert host.client.post(ended).status_code == 410
    by_header = host.client.get(f"{HOOKS}/instances/keyed", headers={"x-functions-key": KEY})
    assert by_header.status_code == 200
