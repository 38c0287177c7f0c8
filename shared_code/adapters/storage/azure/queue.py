"""The EventQueue port on Azure Queue Storage (or Azurite): the only module that knows its SDK.

Importing the SDK takes a while, so the composition root imports this module only when the first
message is sent, or when somebody asks how many are waiting.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from shared_code.adapters.storage.azure.account import StorageAccount, parsing_connection_string
from shared_code.adapters.storage.azure.errors import read_error_code
from shared_code.adapters.storage.azure.identity import create_credential
from shared_code.adapters.storage.azure.retries import FullJitter, read_retry_after_s
from shared_code.domain.errors import AppError, Misconfigured, Unavailable

OPTIONS: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 10,
    "retry_policy": FullJitter(),
    "message_encode_policy": TextBase64EncodePolicy(),  # host.json: messageEncoding
}

NEVER_EXPIRES = -1
"""A message's time to live: Event Grid's do not expire either."""

_ROLE = "check AzureWebJobsStorage, or give the identity the role Storage Queue Data Contributor."


class AzureEventQueue:
    def __init__(self, client: QueueClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, account: StorageAccount, name: str) -> AzureEventQueue:
        """Makes no request: a missing queue is created when the first message is sent."""
        if account.connection_string:
            return cls.from_connection_string(account.connection_string, name)
        url, credential = account.resolve_url("queue"), create_credential(account.client_id)
        return cls(QueueClient(url, name, credential=credential, **OPTIONS))

    @classmethod
    def from_connection_string(cls, connection: str, name: str) -> AzureEventQueue:
        """Raises Misconfigured for a text that is not a connection string."""
        with parsing_connection_string():
            return cls(QueueClient.from_connection_string(connection, name, **OPTIONS))

    def send(self, text: str, *, delay_s: float = 0.0) -> None:
        """Sends the message. The service takes whole seconds of delay: a fraction is rounded up."""
        hidden_s = math.ceil(delay_s)
        with _translate_errors():
            try:
                self._send(text, hidden_s)
            except ResourceNotFoundError:  # the deployment creates it; Azurite has none at first
                with contextlib.suppress(ResourceExistsError):  # another thread created it
                    self._client.create_queue()
                self._send(text, hidden_s)

    def count(self) -> int:
        with _translate_errors(), contextlib.suppress(ResourceNotFoundError):
            properties = self._client.get_queue_properties()
            return int(properties.approximate_message_count or 0)
        return 0

    def close(self) -> None:
        self._client.close()

    def _send(self, text: str, hidden_s: int) -> None:
        self._client.send_message(text, visibility_timeout=hidden_s, time_to_live=NEVER_EXPIRES)


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except (AppError, ResourceNotFoundError):
        raise
    except HttpResponseError as exc:
        code = read_error_code(exc)
        if isinstance(exc, ClientAuthenticationError) or exc.status_code in (401, 403):
            raise Misconfigured(f"Queue storage refuses the credentials ({code}): {_ROLE}") from exc
        wait_s = read_retry_after_s(exc.response)
        raise Unavailable(f"Queue storage failed: {code}.", retry_after_s=max(5, wait_s)) from exc
    except AzureError as exc:  # no response at all
        raise Unavailable("Queue storage does not answer.") from exc
