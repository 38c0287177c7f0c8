"""How a storage account is reached, the same for all of its services."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from shared_code.domain.errors import Misconfigured

# Logs each request with its headers at INFO, which is the level of the Functions worker.
logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class StorageAccount:
    """Reached with a connection string, or else by its services' URLs and a managed identity."""

    connection_string: str = field(default="", repr=False)
    blob_url: str = ""
    queue_url: str = ""
    """Empty: derived from ``blob_url``."""
    table_url: str = ""
    """Empty: derived from ``blob_url``."""
    client_id: str = ""
    """The id of a user-assigned managed identity; empty: the default chain of credentials."""

    def resolve_url(self, service: Literal["queue", "table"]) -> str:
        """Returns the service's own URL if it is set, or else derives it from the blob service's,
        from which it differs in one part. Raises Misconfigured where that has another form."""
        own_url = self.queue_url if service == "queue" else self.table_url
        if own_url:
            return own_url
        if ".blob." not in self.blob_url:
            raise Misconfigured(
                f"The address of the account's {service}s cannot be derived from "
                "AzureWebJobsStorage__blobServiceUri: set "
                f"AzureWebJobsStorage__{service}ServiceUri."
            )
        return self.blob_url.replace(".blob.", f".{service}.", 1)


@contextmanager
def parsing_connection_string() -> Iterator[None]:
    """Raises Misconfigured where a client in the block refuses its connection string."""
    try:
        yield
    except ValueError as exc:
        raise Misconfigured("AzureWebJobsStorage is not a valid connection string.") from exc
