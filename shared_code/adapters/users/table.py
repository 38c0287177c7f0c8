"""The UserRows port on Azure Table Storage (or Azurite): one entity per row.

A row is stored as JSON in as many binary properties as it takes, since one holds 64 KiB.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from itertools import count, takewhile
from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableClient, UpdateMode

from shared_code.adapters.storage.azure.account import StorageAccount, parsing_connection_string
from shared_code.adapters.storage.azure.identity import create_credential
from shared_code.adapters.users.table_calls import OPTIONS, TableCalls
from shared_code.domain.ports import Row, StoredRow, encode_row

T = TypeVar("T")

PROPERTY_BYTES = 64 * 1024
"""The most that Azure Tables takes in one property."""


class TableRows:
    def __init__(self, client: TableClient, calls: TableCalls | None = None) -> None:
        self._client = client
        self._call = (calls or TableCalls()).call

    @classmethod
    def connect(cls, account: StorageAccount, table: str) -> TableRows:
        """Makes no request: a missing table is created by the first write."""
        if account.connection_string:
            return cls.from_connection_string(account.connection_string, table)
        url, credential = account.resolve_url("table"), create_credential(account.client_id)
        return cls(TableClient(url, table, credential=credential, **OPTIONS))

    @classmethod
    def from_connection_string(cls, connection: str, table: str) -> TableRows:
        with parsing_connection_string():
            return cls(TableClient.from_connection_string(connection, table, **OPTIONS))

    def get(self, owner: str, key: str) -> StoredRow | None:
        with contextlib.suppress(ResourceNotFoundError):
            entity = self._call(lambda: self._client.get_entity(owner, key))
            return StoredRow(_to_row(entity), str(entity.metadata["etag"]))
        return None

    def put(self, owner: str, key: str, row: Row, *, etag: str | None = None) -> bool:
        entity = _to_entity(owner, key, encode_row(row))
        try:
            if etag:
                self._replace(entity, etag)
            elif etag is None:
                mode = UpdateMode.REPLACE
                self._call_in_table(lambda: self._client.upsert_entity(entity, mode=mode))
            else:
                self._call_in_table(lambda: self._client.create_entity(entity))
        except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
            return False
        return True

    def delete(self, owner: str, key: str) -> bool:
        with contextlib.suppress(ResourceNotFoundError):
            # the delete request does not say whether the row existed
            self._call(lambda: self._client.get_entity(owner, key, select=["RowKey"]))
            self._call(lambda: self._client.delete_entity(owner, key))
            return True
        return False

    def keys(self, owner: str) -> list[str]:
        return [entity["RowKey"] for entity in self._query_rows(owner, select=["RowKey"])]

    def all(self, owner: str) -> dict[str, Row]:
        return {entity["RowKey"]: _to_row(entity) for entity in self._query_rows(owner)}

    def _query_rows(self, owner: str, **options: Any) -> list[Mapping[str, Any]]:
        """Returns the owner's entities in the order of their keys, as Tables lists them."""
        query, parameters = "PartitionKey eq @owner", {"owner": owner}
        with contextlib.suppress(ResourceNotFoundError):
            return self._call(
                lambda: list(self._client.query_entities(query, parameters=parameters, **options))
            )
        return []

    def _replace(self, entity: dict[str, Any], etag: str) -> None:
        unchanged: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        self._call(lambda: self._client.update_entity(entity, mode=UpdateMode.REPLACE, **unchanged))

    def _call_in_table(self, write: Callable[[], T]) -> T:
        """Writes; if the table is missing, creates it and writes once more."""
        try:
            return self._call(write)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):  # another thread created it
                self._call(self._client.create_table)
            return self._call(write)


def _to_entity(owner: str, key: str, document: bytes) -> dict[str, Any]:
    starts = range(0, len(document), PROPERTY_BYTES)
    parts = [document[start : start + PROPERTY_BYTES] for start in starts]
    properties = {_property_name(number): part for number, part in enumerate(parts)}
    return {"PartitionKey": owner, "RowKey": key, **properties}


def _to_row(entity: Mapping[str, Any]) -> Row:
    names = takewhile(entity.__contains__, map(_property_name, count()))
    row: Row = json.loads(b"".join(entity[name] for name in names))
    return row


def _property_name(number: int) -> str:
    return f"document{number}"
