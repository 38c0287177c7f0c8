"""The storage account's services: one account, an address for each of them."""

from __future__ import annotations

from typing import Literal

from shared_code.domain.errors import Misconfigured


def service_address(service: Literal["queue", "table"], own: str, *, blobs: str) -> str:
    """Returns the service's own address, or the one beside that of the blobs, where they differ in
    one part only. Raises Misconfigured where neither tells it."""
    if own:
        return own
    if ".blob." not in blobs:
        raise Misconfigured(
            "AzureWebJobsStorage__blobServiceUri does not tell where the account's "
            f"{service}s are: set AzureWebJobsStorage__{service}ServiceUri."
        )
    return blobs.replace(".blob.", f".{service}.", 1)
