"""The addresses of a storage account's services: one account has one for each service."""

from __future__ import annotations

from typing import Literal

from shared_code.domain.errors import Misconfigured


def derive_service_url(service: Literal["queue", "table"], own: str, *, blob_url: str) -> str:
    """Returns ``own`` if it is set, or else derives the address from the blob service's, from which
    it differs in one part. Raises Misconfigured where that has another form."""
    if own:
        return own
    if ".blob." not in blob_url:
        raise Misconfigured(
            f"The address of the account's {service}s cannot be derived from "
            f"AzureWebJobsStorage__blobServiceUri: set AzureWebJobsStorage__{service}ServiceUri."
        )
    return blob_url.replace(".blob.", f".{service}.", 1)
