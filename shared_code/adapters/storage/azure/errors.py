"""What Azure Storage's answers mean, the same for all of its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

REFUSALS = {
    "BlobArchived": (
        "The blob is in the archive tier, where nothing can read it: set its access tier to Hot, "
        "Cool or Cold. That takes hours; afterwards it is looked at by itself."
    ),
    "BlobBeingRehydrated": (
        "The blob is being brought back from the archive tier. That takes hours; afterwards it is "
        "looked at by itself."
    ),
    "BlobImmutableDueToPolicy": (
        "The blob is protected by an immutability policy or a legal hold: lift that first."
    ),
    "BlobUsesCustomerSpecifiedEncryption": (
        "The blob is encrypted with a key of its own, which this app does not have: store it "
        "without one."
    ),
    "LeaseIdMissing": (
        "Somebody holds a lease on the blob: end the lease, or wait until it expires."
    ),
}
"""The service's code for what never passes by itself, with what to do."""


def error_code(exc: HttpResponseError) -> str:
    """The service's own word for what went wrong, such as BlobArchived."""
    code = getattr(exc, "error_code", None)
    return str(getattr(code, "value", code) or exc.reason or "no reason given")
