"""A container of Azurite or Azure, listed as the polling blob trigger does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from devhost.blobs.containers import BlobContent


class AzureContainer:
    shows_partial_blobs = False
    scan_interval_s = 1.0

    def __init__(self, account: BlobServiceClient, name: str) -> None:
        self._account = account
        self._client = account.get_container_client(name)
        self.name = name
        self.url = self.location = str(self._client.url).partition("?")[0]

    def open_sibling(self, name: str) -> AzureContainer:
        return AzureContainer(self._account, name)

    def list_etags(self) -> dict[str, str]:
        try:
            return {blob.name: _quote_etag(str(blob.etag)) for blob in self._client.list_blobs()}
        except ResourceNotFoundError:  # not created yet
            return {}

    def read(self, blob: str) -> BlobContent | None:
        try:
            download = self._client.download_blob(blob)
            data = download.readall()
        except ResourceNotFoundError:
            return None
        blob_properties = download.properties
        properties: dict[str, Any] = {
            "ContentLength": blob_properties.size,
            "ContentType": blob_properties.content_settings.content_type,
            "ETag": _quote_etag(str(blob_properties.etag)),
            "LastModified": blob_properties.last_modified.isoformat(),
            "BlobType": "Block",
        }
        return BlobContent(data, properties, dict(blob_properties.metadata or {}))


def _quote_etag(etag: str) -> str:
    """Adds the quotes that a blob's own headers have and a listing leaves out."""
    return f'"{etag.strip(chr(34))}"'


def connect_blob_service(connection: str, environ: Mapping[str, str]) -> BlobServiceClient | None:
    """Returns the account that a trigger's ``connection`` names; None without its settings."""
    for name in (connection, f"AzureWebJobs{connection}"):
        if text := environ.get(name, "").strip():
            return BlobServiceClient.from_connection_string(text, **_OPTIONS)
    if uri := environ.get(f"{connection}__blobServiceUri", "").strip():
        from azure.identity import DefaultAzureCredential

        client_id = environ.get(f"{connection}__clientId", "").strip() or None
        credential = DefaultAzureCredential(managed_identity_client_id=client_id)
        return BlobServiceClient(uri, credential=credential, **_OPTIONS)
    return None


# no retries here: scan and dispatcher have their own, and the library's first one waits 15 s
_OPTIONS: dict[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 30,
    "retry_total": 0,
    "http_logging_level": logging.DEBUG,  # the host polls every second: not a line for each
}
