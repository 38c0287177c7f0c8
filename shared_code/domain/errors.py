"""Every failure that a caller can meet. An error knows its HTTP status and says what to do.

An adapter translates what its technology raises into one of these, once; the HTTP edge
turns them into ``application/problem+json``. Anything else that escapes is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field of a request."""

    field: str
    message: str


class AppError(Exception):
    """A failure with a status, a title that is always the same, and a detail that says what to
    do."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s


class Malformed(AppError):
    """The request cannot be read at all: broken JSON, multipart without boundary."""

    status = 400
    title = "Malformed request"


class NotFound(AppError):
    status = 404
    title = "Not found"


class LengthRequired(AppError):
    """The body was sent in chunks, and Azure's host passes nothing of it on."""

    status = 411
    title = "Length required"


class TooLarge(AppError):
    status = 413
    title = "Too large"


class UnsupportedImage(AppError):
    """The bytes are not a picture of an accepted format, whatever their name says."""

    status = 415
    title = "Unsupported image type"


class Unprocessable(AppError):
    """Understood, but unusable: an undecodable picture, an empty query, a bad filter."""

    status = 422
    title = "Unprocessable"

    @classmethod
    def at(cls, field: str, message: str) -> Unprocessable:
        """One thing wrong with one field."""
        return cls(f"{field}: {message}", errors=[FieldError(field, message)])


class RefusedByStorage(Unprocessable):
    """Storage has the blob but refuses access to it: it is archived, leased or protected. Neither
    waiting nor other content helps until somebody changes that."""


class TooBusy(AppError):
    """More callers are waiting than can be served soon."""

    status = 429
    title = "Too busy"


class Internal(AppError):
    """A bug. The log says more; the caller learns nothing else."""


class Misconfigured(AppError):
    """This deployment cannot work as it is set up; the detail says which part and the remedy."""

    status = 503
    title = "Misconfigured"


class Unavailable(AppError):
    """A dependency is down or slow, which may pass: try again after ``retry_after_s``."""

    status = 503
    title = "Unavailable"

    def __init__(self, detail: str = "", *, retry_after_s: int = 5) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class ModelNotReady(Unavailable):
    """The model is still being loaded."""
