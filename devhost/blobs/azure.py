"""A container of Azurite or Azure, listed as the polling blob trigger does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from devhost.blobs.containers import Content


class AzureContainer:
    settle = False  # a blob appears whole
    every_s = 1.0

    def __init__(self, account: BlobServiceClient, name: str) -> None:
        self._account = account
        self._client = account.get_container_client(name)
        self.name = name
        self.url = self.where = str(self._client.url).partition("?")[0]

    def open_sibling(self, name: str) -> AzureContainer:
        return AzureContainer(self._account, name)

    def listing(self) -> dict[str, str]:
        try:
            return {blob.name: _quoted(str(blob.etag)) for blob in self._client.list_blobs()}
        except ResourceNotFoundError:  # not created yet
            return {}

    def read(self, blob: str) -> Content | None:
        try:
            download = self._client.download_blob(blob)
            data = download.readall()
        except ResourceNotFoundError:
            return None
        found = download.properties
        properties: dict[str, Any] = {
            "ContentLength": found.size,
            "ContentType": found.content_settings.content_type,
            "ETag": _quoted(str(found.etag)),
            "LastModified": found.last_modified.isoformat(),
            "BlobType": "Block",
        }
        return Content(data, properties, dict(found.metadata or {}))


def _quoted(etag: str) -> str:
    """As a blob's own headers have it; a listing leaves the quotes out."""
    return f'"{etag.strip(chr(34))}"'


def service(connection: str, environ: Mapping[str, str]) -> BlobServiceClient | None:
    """The account behind a trigger's ``connection``; None when its settings are empty."""
    for name in (connection, f"AzureWebJobs{connection}"):
        if text := environ.get(name, "").strip():
            return BlobServiceClient.from_connection_string(text, **_OPTIONS)
    if uri := environ.get(f"{connection}__blobServiceUri", "").strip():
        from azure.identity import DefaultAzureCredential

        client_id = environ.get(f"{connection}__clientId", "").strip() or None
        credential = DefaultAzureCredential(managed_identity_client_id=client_id)
        return BlobServiceClient(uri, credential=credential, **_OPTIONS)
    return None


# no retries here: the scan and the delivery have their own, and the first of these waits 15 s
_OPTIONS: dict[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 30,
    "retry_total": 0,
    "http_logging_level": logging.DEBUG,  # the host asks every second: not a line for each
}
