"""The UserRows port on Azure Table Storage (or Azurite): the only module that knows its SDK."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableClient, UpdateMode

from shared_code.adapters.blob_retries import retry_after_s
from shared_code.adapters.identity import credential
from shared_code.core.errors import Misconfigured, Unavailable, Unprocessable
from shared_code.core.users import MAX_ROW_CHARACTERS, Kept, Row

if TYPE_CHECKING:
    from shared_code.settings import Settings

T = TypeVar("T")

OPTIONS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 10, "retry_total": 2}

_ROLE = "check AzureWebJobsStorage, or give the identity the role Storage Table Data Contributor."
_DOCUMENT = "document"


class TableRows:
    def __init__(self, client: TableClient) -> None:
        self._client = client

    @classmethod
    def from_settings(cls, settings: Settings) -> TableRows:
        """Makes no request: the table is created when it is first found missing."""
        name = settings.users_table
        if settings.azurewebjobsstorage:
            return cls.from_connection_string(settings.azurewebjobsstorage, name)
        # one account: its services differ in this part of their addresses
        url = settings.azurewebjobsstorage__blobserviceuri.replace(".blob.", ".table.")
        identity = credential(settings.azurewebjobsstorage__clientid)
        return cls(TableClient(url, name, credential=identity, **OPTIONS))

    @classmethod
    def from_connection_string(cls, connection: str, table: str) -> TableRows:
        try:
            return cls(TableClient.from_connection_string(connection, table, **OPTIONS))
        except ValueError as exc:
            raise Misconfigured("AzureWebJobsStorage is no valid connection string.") from exc

    def get(self, owner: str, key: str) -> Kept | None:
        with _translated(), contextlib.suppress(ResourceNotFoundError):
            entity = self._client.get_entity(owner, key)
            return Kept(json.loads(entity[_DOCUMENT]), str(entity.metadata["etag"]))
        return None

    def put(self, owner: str, key: str, row: Row, *, etag: str | None = None) -> bool:
        document = json.dumps(row, ensure_ascii=False)
        if len(document) > MAX_ROW_CHARACTERS:
            raise Unprocessable(f"It takes more than {MAX_ROW_CHARACTERS} characters as JSON.")
        entity = {"PartitionKey": owner, "RowKey": key, _DOCUMENT: document}
        with _translated():
            try:
                if etag:
                    self._replace(entity, etag)
                else:
                    self._in_table(lambda: self._write(entity, is_new=etag is not None))
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return False
        return True

    def _write(self, entity: dict[str, str], *, is_new: bool) -> None:
        if is_new:
            self._client.create_entity(entity)
        else:
            self._client.upsert_entity(entity, mode=UpdateMode.REPLACE)

    def _replace(self, entity: dict[str, str], etag: str) -> None:
        condition = MatchConditions.IfNotModified
        self._client.update_entity(
            entity, mode=UpdateMode.REPLACE, etag=etag, match_condition=condition
        )

    def delete(self, owner: str, key: str) -> bool:
        with _translated(), contextlib.suppress(ResourceNotFoundError):
            self._client.get_entity(owner, key, select=["RowKey"])  # a delete does not tell
            self._client.delete_entity(owner, key)
            return True
        return False

    def all(self, owner: str) -> dict[str, Row]:
        with _translated(), contextlib.suppress(ResourceNotFoundError):
            wanted = {"owner": owner}
            found = self._client.query_entities("PartitionKey eq @owner", parameters=wanted)
            return {entity["RowKey"]: json.loads(entity[_DOCUMENT]) for entity in found}
        return {}

    def _in_table(self, call: Callable[[], T]) -> T:
        """Calls once more with the table made, when it was missing."""
        try:
            return call()
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):  # another thread made it
                self._client.create_table()
            return call()


# Logs each request with its headers at INFO, which is the level of the Functions worker.
logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
        raise  # an answer, not a failure
    except HttpResponseError as exc:
        code = getattr(exc, "error_code", None) or exc.reason or "no reason given"
        if isinstance(exc, ClientAuthenticationError) or exc.status_code in (401, 403):
            raise Misconfigured(f"Table storage refuses the credentials ({code}): {_ROLE}") from exc
        wait_s = retry_after_s(exc.response)
        raise Unavailable(f"Table storage failed: {code}.", retry_after_s=max(5, wait_s)) from exc
    except AzureError as exc:  # no answer at all
        raise Unavailable("Table storage does not answer.") from exc
