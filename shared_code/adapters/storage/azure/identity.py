"""How the app signs in to Azure where no connection string is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


def create_credential(client_id: str) -> TokenCredential:
    """``client_id`` names a user-assigned managed identity; if empty, the default chain is used."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if client_id:
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential()
