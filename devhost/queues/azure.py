"""Queues of Azurite or Azure."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueServiceClient

from devhost.queues.messages import Message

_RECEIPT_IS_OLD = "PopReceiptMismatch"

# no retries here: the listener and the dispatcher have their own
_OPTIONS: dict[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 30,
    "retry_total": 0,
    "http_logging_level": logging.DEBUG,  # the host polls every second: not a line for each
}


class AzureQueue:
    """The client has no encoding of its own: ``MessageEncoding`` applies the host's."""

    longest_pause_s = math.inf

    def __init__(self, client: QueueClient) -> None:
        self._client = client
        self.name = str(client.queue_name)
        self.location = str(client.url).partition("?")[0]

    def put(self, text: str) -> None:
        try:
            self._client.send_message(text)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):  # another thread created it
                self._client.create_queue()
            self._client.send_message(text)

    def take(self, count: int, *, hidden_s: float) -> list[Message]:
        try:
            page = next(
                self._client.receive_messages(
                    messages_per_page=count, visibility_timeout=max(1, round(hidden_s))
                ).by_page(),
                (),
            )
            return [_to_message(received) for received in page]
        except ResourceNotFoundError:  # nothing was put there yet
            return []

    def show_after(self, message: Message, seconds: float) -> Message:
        updated = self._client.update_message(
            message.id, message.receipt, visibility_timeout=round(seconds)
        )
        visible = updated.next_visible_on or datetime.now(UTC)
        return replace(message, receipt=str(updated.pop_receipt), visible=visible)

    def delete(self, message: Message) -> None:
        try:
            self._client.delete_message(message.id, message.receipt)
        except ResourceNotFoundError:
            return
        except HttpResponseError as exc:
            if exc.error_code != _RECEIPT_IS_OLD:  # type: ignore[attr-defined]  # storage adds it
                raise

    def count(self) -> int:
        with contextlib.suppress(ResourceNotFoundError):
            return int(self._client.get_queue_properties().approximate_message_count or 0)
        return 0

    def close(self) -> None:
        self._client.close()


def _to_message(received: Any) -> Message:
    return Message(
        id=str(received.id),
        text=str(received.content),
        receipt=str(received.pop_receipt),
        dequeue_count=int(received.dequeue_count or 0),
        inserted=received.inserted_on,
        expires=received.expires_on,
        visible=received.next_visible_on,
    )


def connect_queue_service(connection: str, environ: Mapping[str, str]) -> QueueServiceClient | None:
    """Returns the account that a trigger's ``connection`` names; None without its settings."""
    for name in (connection, f"AzureWebJobs{connection}"):
        if text := environ.get(name, "").strip():
            return QueueServiceClient.from_connection_string(text, **_OPTIONS)
    if uri := environ.get(f"{connection}__queueServiceUri", "").strip():
        from azure.identity import DefaultAzureCredential

        client_id = environ.get(f"{connection}__clientId", "").strip() or None
        credential = DefaultAzureCredential(managed_identity_client_id=client_id)
        return QueueServiceClient(uri, credential=credential, **_OPTIONS)
    return None
