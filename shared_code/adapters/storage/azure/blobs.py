"""The BlobStore port on Azure Blob Storage (or Azurite): the only module that knows its SDK."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.blob import ContainerClient, ContentSettings

from shared_code.adapters.storage.azure.account import StorageAccount, parsing_connection_string
from shared_code.adapters.storage.azure.errors import REFUSALS, read_error_code
from shared_code.adapters.storage.azure.identity import create_credential
from shared_code.adapters.storage.azure.retries import FullJitter, read_retry_after_s
from shared_code.adapters.storage.blob_names import check_blob_name
from shared_code.domain.errors import (
    AppError,
    Misconfigured,
    RefusedByStorage,
    Unavailable,
    Unprocessable,
)
from shared_code.domain.ports import Blob, BlobInfo, Page

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")

OPTIONS: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 30,  # seconds between two packets, not for the whole blob
    "retry_policy": FullJitter(),
}

_ROLE = "check AzureWebJobsStorage, or give the identity the role Storage Blob Data Owner."


class AzureBlobStore:
    def __init__(self, client: ContainerClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, account: StorageAccount, container: str) -> AzureBlobStore:
        """Makes no request: a missing container is created by the first call that needs it."""
        with _translate_errors():
            if account.connection_string:
                return cls.from_connection_string(account.connection_string, container)
            url, credential = account.blob_url, create_credential(account.client_id)
            return cls(ContainerClient(url, container, credential=credential, **OPTIONS))

    @classmethod
    def from_connection_string(cls, connection: str, container: str) -> AzureBlobStore:
        """Raises Misconfigured for a text that is not a connection string."""
        with parsing_connection_string():
            client = ContainerClient.from_connection_string(connection, container, **OPTIONS)
        return cls(client)

    def head(self, name: str) -> BlobInfo | None:
        blob = self._client.get_blob_client(check_blob_name(name))
        with _translate_errors(), _ignore_missing():
            return _read_info(blob.get_blob_properties())
        return None

    def read(self, name: str) -> Blob | None:
        check_blob_name(name)
        with _translate_errors(), _ignore_missing():
            download = self._client.download_blob(name)  # up to 32 MB: one request for both
            return Blob(_read_info(download.properties), download.readall())
        return None

    def read_range(self, name: str, start: int, length: int) -> Blob | None:
        check_blob_name(name)
        with _translate_errors(), _ignore_missing():
            info = self.head(name)
            if info is None:
                return None
            if start >= info.size:
                return Blob(info, b"")
            download = self._client.download_blob(name, offset=start, length=length)
            return Blob(info, download.readall())
        return None

    def write(self, name: str, data: bytes, *, content_type: str) -> BlobInfo:
        blob = self._client.get_blob_client(check_blob_name(name))
        content = ContentSettings(content_type=content_type)
        with _translate_errors():
            response = self._call_in_container(
                lambda: blob.upload_blob(data, overwrite=True, content_settings=content)
            )
        return BlobInfo(
            name, response["etag"], _to_microseconds(response["last_modified"]), len(data)
        )

    def delete(self, name: str) -> bool:
        check_blob_name(name)
        with _translate_errors(), _ignore_missing():
            self._client.delete_blob(name, delete_snapshots="include")
            return True
        return False

    def list(
        self, prefix: str = "", *, limit: int = 1000, cursor: str | None = None
    ) -> Page[BlobInfo]:
        with _translate_errors(), _ignore_missing():
            pages: Any = self._client.list_blobs(
                name_starts_with=prefix or None, include=["metadata"], results_per_page=limit
            ).by_page(cursor)
            infos = tuple(_read_info(blob) for blob in next(pages, ()))
            return Page(infos, pages.continuation_token or None)
        return Page(())

    def ping(self) -> None:
        with _translate_errors():
            self._call_in_container(self._client.get_container_properties)

    def _call_in_container(self, call: Callable[[], T]) -> T:
        """Calls; if the container is missing, creates it and calls once more."""
        try:
            return call()
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):  # another thread created it
                self._client.create_container()
            return call()


def _read_info(properties: Any) -> BlobInfo:
    return BlobInfo(
        name=properties.name,
        # listings give it bare, everything else in quotes
        etag='"' + properties.etag.strip('"') + '"',
        version=_to_microseconds(properties.last_modified),
        size=properties.size,
        metadata=dict(properties.metadata or {}),
    )


def _to_microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


@contextlib.contextmanager
def _ignore_missing() -> Iterator[None]:
    """Leaves the block when the blob or container does not exist: that is a result, no failure."""
    with contextlib.suppress(ResourceNotFoundError):
        yield


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except AppError:
        raise
    except HttpResponseError as exc:
        code = read_error_code(exc)
        if code in REFUSALS:
            raise RefusedByStorage(f"{REFUSALS[code]} ({code})") from exc
        if isinstance(exc, ClientAuthenticationError) or exc.status_code in (401, 403):
            raise Misconfigured(f"Blob storage refuses the credentials ({code}): {_ROLE}") from exc
        if exc.status_code == 400:
            raise Unprocessable(f"Blob storage refuses the request: {code}.") from exc
        wait_s = read_retry_after_s(exc.response)
        raise Unavailable(f"Blob storage failed: {code}.", retry_after_s=max(5, wait_s)) from exc
    except AzureError as exc:  # no response at all
        raise Unavailable("Blob storage does not answer.") from exc
