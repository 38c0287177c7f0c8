"""Azure Tables that fail as they are told to, over real HTTP."""

import pytest
from azure.data.tables import TableClient

from shared_code.adapters.breaker import CircuitBreaker
from shared_code.adapters.storage.azure.account import StorageAccount
from shared_code.adapters.users.table import TableRows
from shared_code.adapters.users.table_calls import OPTIONS, TableCalls
from shared_code.domain.errors import Misconfigured, Unavailable
from shared_code.domain.patience import interactive_request
from tests.failing_service import Failing
from tests.local_services import free_ports


def rows_at(port, calls=None):
    account = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
    connection = f"{account}TableEndpoint=http://127.0.0.1:{port}/a;"
    client = TableClient.from_connection_string(connection, "users", **OPTIONS)
    return TableRows(client, calls)


def json_answers(*answers):
    typed = {"content-type": "application/json"}
    return Failing(*((status, typed | headers, body) for status, headers, body in answers))


NONE_SUCH = (404, {}, b'{"odata.error": {"code": "ResourceNotFound", "message": {"value": ""}}}')


def test_a_table_service_that_does_not_answer_is_told():
    port = free_ports(1)[0]
    with pytest.raises(Unavailable):
        rows_at(port).get("owner", "key")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_passes_is_tried_again(status):
    with json_answers((status, {}, b""), (status, {"retry-after": "1"}, b""), NONE_SUCH) as service:
        assert rows_at(service.port).get("owner", "key") is None
        assert len(service.asked) == 3


def test_nobody_is_kept_for_as_long_as_the_service_asks_for():
    with json_answers((503, {"retry-after": "60"}, b"")) as service:
        with pytest.raises(Unavailable) as caught:
            rows_at(service.port).get("owner", "key")
        assert (len(service.asked), caught.value.retry_after_s) == (1, 60)


def test_credentials_that_are_refused_are_told_with_the_remedy():
    with json_answers((403, {}, b'{"odata.error": {"code": "AuthorizationFailure"}}')) as service:
        with pytest.raises(Misconfigured, match="Storage Table Data Contributor"):
            rows_at(service.port).get("owner", "key")
        assert len(service.asked) == 1


def test_after_a_failure_callers_of_http_are_refused_at_once():
    """A missing row is an answer: it lets everybody in again."""
    with json_answers((503, {"retry-after": "60"}, b""), NONE_SUCH) as service:
        now = [100.0]
        breaker = CircuitBreaker("Table storage", clock=lambda: now[0])
        rows = rows_at(service.port, TableCalls(breaker))
        with interactive_request():
            for _ in range(3):
                with pytest.raises(Unavailable):
                    rows.get("owner", "key")
            assert len(service.asked) == 1
            now[0] += 10
            assert [rows.get("owner", "key") for _ in range(3)] == [None] * 3
            now[0] -= 9  # a moment at which it would refuse, had that answer not counted
            assert rows.get("owner", "key") is None


def test_where_the_tables_of_an_account_are():
    blobs = "https://shop.blob.core.windows.net"
    account = StorageAccount(blob_url=blobs)
    assert account.resolve_url("table") == "https://shop.table.core.windows.net"
    own = StorageAccount(
        blob_url="https://blobs.example.com", table_url="https://tables.example.com"
    )
    assert own.resolve_url("table") == "https://tables.example.com"
    with pytest.raises(Misconfigured, match="tableServiceUri"):
        StorageAccount(blob_url="https://blobs.example.com").resolve_url("table")


def test_what_is_no_connection_string_is_told():
    with pytest.raises(Misconfigured):
        TableRows.from_connection_string("nonsense", "users")
