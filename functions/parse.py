"""Reads a request into the definitions of ``functions.requests``, or says what is wrong.

``HttpRequest.files`` answers a multipart body that it cannot read with no files and no
error, so what arrived is checked here: silence becomes a 400 with a hint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import azure.functions as func
import msgspec

from shared_code.core.errors import FieldError, Malformed, TooLarge, Unprocessable
from shared_code.runtime import runtime

T = TypeVar("T")

_HOST_PARAMETERS = {"code", "clientid"}
"""Query parameters that belong to Azure Functions (its keys), not to this API."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart body."""

    name: str
    data: bytes


def json_body(req: func.HttpRequest, shape: type[T]) -> T:
    """The body as ``shape``. Raises Malformed for broken JSON, Unprocessable for its content."""
    body = limited_body(req)
    if not body:
        raise Malformed("The body is empty; send a JSON object.")
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Malformed(f"The body is not valid JSON: {exc}") from exc
    return converted(content, shape)


def query_fields(req: func.HttpRequest) -> dict[str, str]:
    """The query string without what belongs to Azure Functions."""
    return {k: v for k, v in req.params.items() if k.lower() not in _HOST_PARAMETERS}


def parsed_query(req: func.HttpRequest, shape: type[T]) -> T:
    """The query string as ``shape``: numbers and booleans are read from their text."""
    return converted(query_fields(req), shape, strict=False)


def is_multipart(req: func.HttpRequest) -> bool:
    return _content_type(req).startswith("multipart/form-data")


def is_form(req: func.HttpRequest) -> bool:
    return is_multipart(req) or _content_type(req).startswith("application/x-www-form-urlencoded")


def form_fields(req: func.HttpRequest) -> dict[str, str]:
    """The text fields of a form; call ``uploads`` too, which checks the body."""
    limited_body(req)
    return dict(req.form.items())


def uploads(req: func.HttpRequest, field: str) -> list[Upload]:
    """The files sent under ``field``, in order.

    Raises Malformed when the body is no multipart that can be read whole, Unprocessable when a
    file is empty.
    """
    body = limited_body(req)
    boundary = _boundary(req)
    if b"--" + boundary + b"--" not in body:
        raise Malformed(
            "The multipart body cannot be read: it is cut short, or its boundary is not the one "
            "named in Content-Type. Let the client set Content-Type itself."
        )
    unknown = sorted(set(req.files) - {field})
    if unknown:
        raise Unprocessable(
            f"Unknown file field {unknown[0]!r}; send files as {field!r}.",
            errors=[FieldError(unknown[0], "unknown file field")],
        )
    found = [Upload(f.filename or "", f.read()) for f in req.files.getlist(field)]
    for upload in found:
        if not upload.data:
            raise Unprocessable(
                f"The file {upload.name!r} is empty.", errors=[FieldError(field, "empty file")]
            )
    return found


def one_upload(req: func.HttpRequest, field: str) -> Upload:
    found = some_uploads(req, field)
    if len(found) > 1:
        raise Unprocessable(
            f"Send one file as {field!r}; {len(found)} came.",
            errors=[FieldError(field, "one file is wanted")],
        )
    return found[0]


def some_uploads(req: func.HttpRequest, field: str) -> list[Upload]:
    if not is_multipart(req):
        raise Malformed(f"Send multipart/form-data with the picture as {field!r}.")
    found = uploads(req, field)
    if not found:
        raise Unprocessable(
            f"No file came as {field!r}.", errors=[FieldError(field, "a file is wanted")]
        )
    return found


def limited_body(req: func.HttpRequest) -> bytes:
    body: bytes = req.get_body()
    limit_mb = runtime().settings.max_upload_mb
    if len(body) > limit_mb * 1_000_000:
        raise TooLarge(
            f"The request has {len(body) / 1e6:.1f} MB; the limit is {limit_mb} MB (MAX_UPLOAD_MB)."
        )
    return body


def converted(content: Any, shape: type[T], *, strict: bool = True) -> T:
    """Raises Unprocessable naming the field."""
    try:
        return msgspec.convert(content, shape, strict=strict)
    except msgspec.ValidationError as exc:
        raise _unprocessable(str(exc)) from exc


def _unprocessable(message: str) -> Unprocessable:
    """msgspec says: Expected `int`, got `str` - at `$.limit`."""
    what, _, where = message.partition(" - at ")
    name = where.strip("`").removeprefix("$").removeprefix(".")
    unknown = re.search(r"unknown field `(\w+)`", what)
    name = name or (unknown.group(1) if unknown else "")
    detail = f"{name}: {what}" if name else what
    return Unprocessable(detail, errors=[FieldError(name or "body", what)])


def _content_type(req: func.HttpRequest) -> str:
    return str(req.headers.get("content-type", "")).strip().lower()


def _boundary(req: func.HttpRequest) -> bytes:
    found = re.search(r'boundary="?([^";,]+)', str(req.headers.get("content-type", "")))
    if found is None:
        raise Malformed(
            "Content-Type names no multipart boundary. Let the client set Content-Type itself."
        )
    return found.group(1).strip().encode()


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a form and of the query string as one; a field given twice is refused."""
    together: dict[str, Any] = {}
    for fields in parts:
        for name, value in fields.items():
            if name in together:
                raise Unprocessable(
                    f"{name} is given twice.", errors=[FieldError(name, "given twice")]
                )
            together[name] = value
    return together
