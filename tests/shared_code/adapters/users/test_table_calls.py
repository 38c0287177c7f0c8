"""Calls of an Azure Tables service that fails on purpose, over real HTTP."""

import pytest
from azure.data.tables import TableClient

from shared_code.adapters.breaker import CircuitBreaker
from shared_code.adapters.storage.azure.account import StorageAccount
from shared_code.adapters.users.table import TableRows
from shared_code.adapters.users.table_calls import OPTIONS, TableCalls
from shared_code.domain.errors import Misconfigured, Unavailable
from shared_code.domain.urgency import interactive_request
from tests.failing_service import FailingService
from tests.local_services import free_ports


def make_rows(port, calls=None):
    account = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
    connection = f"{account}TableEndpoint=http://127.0.0.1:{port}/a;"
    client = TableClient.from_connection_string(connection, "users", **OPTIONS)
    return TableRows(client, calls)


def serve_json(*responses):
    typed = {"content-type": "application/json"}
    return FailingService(*((status, typed | headers, body) for status, headers, body in responses))


NOT_FOUND = (404, {}, b'{"odata.error": {"code": "ResourceNotFound", "message": {"value": ""}}}')


def test_a_table_service_that_does_not_answer_is_unavailable():
    port = free_ports(1)[0]
    with pytest.raises(Unavailable):
        make_rows(port).get("owner", "key")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_passing_error_is_tried_again(status):
    with serve_json((status, {}, b""), (status, {"retry-after": "1"}, b""), NOT_FOUND) as service:
        assert make_rows(service.port).get("owner", "key") is None
        assert len(service.requested_at) == 3


def test_a_long_retry_after_is_not_waited_for():
    with serve_json((503, {"retry-after": "60"}, b"")) as service:
        with pytest.raises(Unavailable) as caught:
            make_rows(service.port).get("owner", "key")
        assert (len(service.requested_at), caught.value.retry_after_s) == (1, 60)


def test_refused_credentials_are_reported_with_the_remedy():
    with serve_json((403, {}, b'{"odata.error": {"code": "AuthorizationFailure"}}')) as service:
        with pytest.raises(Misconfigured, match="Storage Table Data Contributor"):
            make_rows(service.port).get("owner", "key")
        assert len(service.requested_at) == 1


def test_after_a_failure_callers_of_http_are_refused_at_once():
    """A missing row is a valid response: after it, nobody is refused any more."""
    with serve_json((503, {"retry-after": "60"}, b""), NOT_FOUND) as service:
        clock = [100.0]
        breaker = CircuitBreaker("Table storage", clock=lambda: clock[0])
        rows = make_rows(service.port, TableCalls(breaker))
        with interactive_request():
            for _ in range(3):
                with pytest.raises(Unavailable):
                    rows.get("owner", "key")
            assert len(service.requested_at) == 1
            clock[0] += 10
            assert [rows.get("owner", "key") for _ in range(3)] == [None] * 3
            clock[0] -= (
                9  # at this time it would refuse, if that response had not closed the breaker
            )
            assert rows.get("owner", "key") is None


def test_the_url_of_an_accounts_tables():
    blobs = "https://shop.blob.core.windows.net"
    account = StorageAccount(blob_url=blobs)
    assert account.resolve_url("table") == "https://shop.table.core.windows.net"
    own = StorageAccount(
        blob_url="https://blobs.example.com", table_url="https://tables.example.com"
    )
    assert own.resolve_url("table") == "https://tables.example.com"
    with pytest.raises(Misconfigured, match="tableServiceUri"):
        StorageAccount(blob_url="https://blobs.example.com").resolve_url("table")


def test_a_malformed_connection_string_is_reported():
    with pytest.raises(Misconfigured):
        TableRows.from_connection_string("nonsense", "users")
