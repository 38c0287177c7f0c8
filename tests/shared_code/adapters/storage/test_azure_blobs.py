"""What only Azure has: metadata, content types, credentials, outages."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from azure.storage.blob import BlobClient, ContainerClient, LinearRetry, StandardBlobTier

from shared_code.adapters.storage.azure.account import StorageAccount
from shared_code.adapters.storage.azure.blobs import AzureBlobStore
from shared_code.domain.errors import Misconfigured, RefusedByStorage, Unavailable, Unprocessable
from tests.local_services import free_ports

JPEG = "image/jpeg"


@pytest.mark.real("azurite")
class TestOnAzurite:
    def test_metadata_are_returned_as_they_are_stored(self, azurite):
        store = AzureBlobStore.from_connection_string(azurite.connection_string, "metadata")
        store.ping()
        client = BlobClient.from_connection_string(azurite.connection_string, "metadata", "a.jpg")
        client.upload_blob(b"1", metadata={"name": "gr%C3%BCn"}, overwrite=True)
        [info] = store.list().items
        assert info.metadata == {"name": "gr%C3%BCn"}
        assert store.head("a.jpg") == store.read("a.jpg").info == info

    def test_the_content_type_is_stored(self, azurite):
        store = AzureBlobStore.from_connection_string(azurite.connection_string, "types")
        store.write("a", b"1", content_type="image/webp")
        client = BlobClient.from_connection_string(azurite.connection_string, "types", "a")
        assert client.get_blob_properties().content_settings.content_type == "image/webp"

    def test_a_wrong_key_is_a_wrong_setting(self, azurite):
        wrong = azurite.connection_string.replace("AccountKey=E", "AccountKey=F")
        with pytest.raises(Misconfigured, match="credentials"):
            AzureBlobStore.from_connection_string(wrong, "images").read("a")

    def test_a_bad_container_name_is_not_taken_for_an_outage(self, azurite):
        store = AzureBlobStore.from_connection_string(azurite.connection_string, "Bad_Name")
        with pytest.raises(Unprocessable):
            store.write("a", b"1", content_type=JPEG)

    def test_an_archived_blob_says_so_and_what_to_do(self, azurite):
        connection = azurite.connection_string
        store = AzureBlobStore.from_connection_string(connection, "archived")
        store.ping()
        client = BlobClient.from_connection_string(connection, "archived", "a.jpg")
        client.upload_blob(b"1", standard_blob_tier=StandardBlobTier.ARCHIVE, overwrite=True)
        assert store.head("a.jpg").size == 1
        for call in (lambda: store.read("a.jpg"), lambda: store.read_range("a.jpg", 0, 1)):
            with pytest.raises(RefusedByStorage, match=r"archive tier.*set its access tier"):
                call()
        client.set_standard_blob_tier(StandardBlobTier.HOT)
        assert store.read("a.jpg").data == b"1"

    def test_a_leased_blob_says_so_and_what_to_do(self, azurite):
        connection = azurite.connection_string
        store = AzureBlobStore.from_connection_string(connection, "leased")
        store.write("a.jpg", b"1", content_type=JPEG)
        client = BlobClient.from_connection_string(connection, "leased", "a.jpg")
        lease = client.acquire_lease(60)
        for call in (
            lambda: store.delete("a.jpg"),
            lambda: store.write("a.jpg", b"2", content_type=JPEG),
        ):
            with pytest.raises(RefusedByStorage, match="lease") as caught:
                call()
            assert "StorageErrorCode" not in str(caught.value)
        assert store.read("a.jpg").data == b"1"
        lease.release()
        assert store.delete("a.jpg")


def make_unreachable_connection() -> str:
    [port] = free_ports(1)
    key = "bm9ib2R5"
    url = f"http://127.0.0.1:{port}/account"
    return f"DefaultEndpointsProtocol=http;AccountName=account;AccountKey={key};BlobEndpoint={url};"


def test_an_unreachable_storage_account_is_an_outage_within_seconds():
    store = AzureBlobStore.from_connection_string(make_unreachable_connection(), "images")
    started = time.monotonic()
    with pytest.raises(Unavailable):
        store.read("a")
    assert time.monotonic() - started < 10


@pytest.fixture
def start_account():
    """Starts a storage account that gives every request the same status."""
    servers = []

    def start(status):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            do_HEAD = do_PUT = do_DELETE = do_GET

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/account"
        once = LinearRetry(retry_total=0)
        return AzureBlobStore(ContainerClient(url, "images", "bm9ib2R5", retry_policy=once))

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Unprocessable),
        (401, Misconfigured),
        (403, Misconfigured),
        (409, Unavailable),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_every_error_status_is_translated(start_account, status, error):
    store = start_account(status)
    for call in (
        lambda: store.head("a"),
        lambda: store.read("a"),
        lambda: store.delete("a"),
        lambda: store.write("a", b"1", content_type=JPEG),
        store.list,
        store.ping,
    ):
        with pytest.raises(error) as caught:
            call()
        assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize("connection", ["nonsense", "a=b;c=d"])
def test_a_wrong_connection_string_is_a_wrong_setting(connection):
    with pytest.raises(Misconfigured, match="AzureWebJobsStorage"):
        AzureBlobStore.connect(StorageAccount(connection), "images")


def test_the_development_storage_and_an_identity_need_no_request_to_be_built():
    AzureBlobStore.connect(StorageAccount("UseDevelopmentStorage=true"), "images")
    url = "https://account.blob.core.windows.net"
    for client_id in ("", "00000000-0000-0000-0000-000000000000"):
        account = StorageAccount(blob_url=url, client_id=client_id)
        AzureBlobStore.connect(account, "images")
