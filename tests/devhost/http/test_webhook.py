"""Event Grid's webhook, held to the answers of Storage's extension 5.3.10."""

import pytest

from tests.devhost.running_host import RunningHost, copy_app

WEBHOOK = "/runtime/webhooks/blobs?functionName=Host.Functions.blob_changed"
URL = "https://shop.blob.core.windows.net/images/a.png"
CREATED = {"data": {"url": URL, "eTag": "0x1"}}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with RunningHost(copy_app("shop", tmp_path_factory.mktemp("webhook"))) as running:
        yield running


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("Notification", CREATED, 202),
        ("notification", [CREATED, CREATED], 202),
        ("Notification", [{"data": {"eTag": "0x1"}}], 500),
        ("Notification", [CREATED, {"data": {}}], 500),
        ("Notification", [{"data": None}], 500),
        ("Notification", "text", 500),
        ("Notification", None, 500),
        ("SubscriptionValidation", [], 500),
        ("Unsubscribe", [], 202),
        ("SubscriptionDeletion", [CREATED], 400),
        ("", [CREATED], 400),
    ],
)
def test_posts_are_answered_as_by_azure(host, kind, content, status):
    response = host.client.post(WEBHOOK, json=content, headers={"aeg-event-type": kind})
    assert (response.status_code, response.content) == (status, b"")


def test_a_body_that_is_no_json_is_500(host):
    headers = {"aeg-event-type": "Notification"}
    assert host.client.post(WEBHOOK, content=b"{", headers=headers).status_code == 500
    assert "answered 500 to a post that cannot be read: JSONDecodeError" in host.output()


@pytest.mark.parametrize("as_list", [True, False], ids=["event-grid", "cloud-events"])
def test_a_validation_is_answered_with_its_code(host, as_list):
    event = {"specversion": "1.0", "data": {"validationCode": "abc"}}
    headers = {"aeg-event-type": "SubscriptionValidation"}
    response = host.client.post(WEBHOOK, json=[event] if as_list else event, headers=headers)
    assert (response.status_code, response.json()) == (200, {"validationResponse": "abc"})


def test_options_allows_the_origin_that_asks(host):
    headers = {"webhook-request-origin": "eventgrid.azure.net"}
    response = host.client.options(WEBHOOK, headers=headers)
    assert response.status_code == 200
    assert response.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
