"""Error codes of Azure Storage, which are the same for all of its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

REFUSALS = {
    "BlobArchived": (
        "The blob is in the archive tier, where nothing can read it: set its access tier to Hot, "
        "Cool or Cold. That takes hours; the app picks it up by itself afterwards."
    ),
    "BlobBeingRehydrated": (
        "The blob is being brought back from the archive tier. That takes hours; the app picks it "
        "up by itself afterwards."
    ),
    "BlobImmutableDueToPolicy": (
        "The blob is protected by an immutability policy or a legal hold: lift that first."
    ),
    "BlobUsesCustomerSpecifiedEncryption": (
        "The blob is encrypted with a key that its uploader provided, which this app does not "
        "have: store it without one."
    ),
    "LeaseIdMissing": (
        "Somebody holds a lease on the blob: end the lease, or wait until it expires."
    ),
}
"""Errors that never pass by themselves: the service's code, and what a person can do about it."""


def read_error_code(exc: HttpResponseError) -> str:
    """Returns the service's own code for the error, such as BlobArchived."""
    code = getattr(exc, "error_code", None)
    return str(getattr(code, "value", code) or exc.reason or "no reason given")
