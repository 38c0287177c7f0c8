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

_DEQUEUED_AGAIN = "PopReceiptMismatch"

# no retries here: the listener and the delivery have their own
_OPTIONS: dict[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 30,
    "retry_total": 0,
    "http_logging_level": logging.DEBUG,  # the host asks every second: not a line for each
}


class AzureQueue:
    """The client without an encoding of its own: the host's is applied by ``Encoding``."""

    longest_pause_s = math.inf

    def __init__(self, client: QueueClient) -> None:
        self._client = client
        self.name = str(client.queue_name)
        self.where = str(client.url).partition("?")[0]

    def put(self, text: str) -> None:
        try:
            self._client.send_message(text)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):  # another thread made it
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
            return [_message(found) for found in page]
        except ResourceNotFoundError:  # nobody has put anything there yet
            return []

    def show_after(self, message: Message, seconds: float) -> Message:
        found = self._client.update_message(
            message.id, message.receipt, visibility_timeout=round(seconds)
        )
        visible = found.next_visible_on or datetime.now(UTC)
        return replace(message, receipt=str(found.pop_receipt), visible=visible)

    def delete(self, message: Message) -> None:
        try:
            self._client.delete_message(message.id, message.receipt)
        except ResourceNotFoundError:
            return
        except HttpResponseError as exc:
            if exc.error_code != _DEQUEUED_AGAIN:  # type: ignore[attr-defined]  # storage adds it
                raise

    def count(self) -> int:
        with contextlib.suppress(ResourceNotFoundError):
            return int(self._client.get_queue_properties().approximate_message_count or 0)
        return 0

    def close(self) -> None:
        self._client.close()


def _message(found: Any) -> Message:
    return Message(
        id=str(found.id),
        text=str(found.content),
        receipt=str(found.pop_receipt),
        dequeue_count=int(found.dequeue_count or 0),
        inserted=found.inserted_on,
        expires=found.expires_on,
        visible=found.next_visible_on,
    )


def service(connection: str, environ: Mapping[str, str]) -> QueueServiceClient | None:
    """The account behind a trigger's ``connection``; None when its settings are empty."""
    for name in (connection, f"AzureWebJobs{connection}"):
        if text := environ.get(name, "").strip():
            return QueueServiceClient.from_connection_string(text, **_OPTIONS)
    if uri := environ.get(f"{connection}__queueServiceUri", "").strip():
        from azure.identity import DefaultAzureCredential

        client_id = environ.get(f"{connection}__clientId", "").strip() or None
        credential = DefaultAzureCredential(managed_identity_client_id=client_id)
        return QueueServiceClient(uri, credential=credential, **_OPTIONS)
    return None
