"""Reads a request into the definitions of ``functions.schemas.requests``, or says what is wrong.

Forms are read here, not by ``HttpRequest.files`` and ``form``: functions.http.multipart says why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import azure.functions as func
import msgspec

from functions.http.multipart import is_multipart, parse_multipart
from shared_code.app import current_app
from shared_code.domain.errors import (
    FieldError,
    LengthRequired,
    Malformed,
    TooLarge,
    Unprocessable,
)

T = TypeVar("T")

_HOST_PARAMETERS = {"code", "clientid"}
"""Query parameters that belong to Azure Functions (its keys), not to this API."""


MAX_FILES = 64
"""Of one request: decoded, each takes 0.6 MB until it is embedded."""

_URLENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart body: a view of it, not a copy."""

    name: str
    data: memoryview


@dataclass(frozen=True, slots=True)
class Form:
    """A form's text fields, and its files in order."""

    fields: Mapping[str, str]
    uploads: Sequence[Upload]


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
    return from_strings(query_fields(req), shape)


def is_form(req: func.HttpRequest) -> bool:
    """A JSON object under curl's default content type is taken for the JSON that it is."""
    if _is_urlencoded(req):
        return not req.get_body().lstrip().startswith(b"{")
    return is_multipart(_content_type(req))


def form(req: func.HttpRequest, files: str = "") -> Form:
    """The form, whose files may come under the field ``files``.

    Raises Malformed when the body is no form that can be read whole, Unprocessable for a file
    under another field and for an empty one.
    """
    body = limited_body(req)
    if not is_form(req):
        raise Malformed(f"Send multipart/form-data with the picture as {files!r}.")
    fields, uploads = _read_form(body, _content_type(req), files)
    if len(uploads) > MAX_FILES:
        raise Unprocessable.at(files, f"{len(uploads)} files came; the limit is {MAX_FILES}")
    if not all(len(upload.data) for upload in uploads):
        raise Unprocessable.at(files, "the file is empty")
    return Form(merged(*({name: value} for name, value in fields)), uploads)


def _read_form(
    body: bytes, content_type: str, files: str
) -> tuple[list[tuple[str, str]], list[Upload]]:
    if not is_multipart(content_type):
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True), []
    fields: list[tuple[str, str]] = []
    uploads: list[Upload] = []
    for part in parse_multipart(body, content_type):
        if part.filename is None:
            fields.append((part.name, part.text))
        elif part.name == files:
            uploads.append(Upload(part.filename, part.content))
        else:
            hint = f"send files as {files!r}" if files else "no file is wanted here"
            raise Unprocessable.at(part.name, f"unknown file field; {hint}")
    return fields, uploads


def form_with_files(req: func.HttpRequest, files: str) -> Form:
    """A form with at least one file."""
    found = form(req, files)
    if not found.uploads:
        raise Unprocessable.at(files, "no file came; one is wanted")
    return found


def form_with_one_file(req: func.HttpRequest, files: str) -> Form:
    found = form_with_files(req, files)
    if len(found.uploads) > 1:
        raise Unprocessable.at(files, f"one file is wanted; {len(found.uploads)} came")
    return found


def limited_body(req: func.HttpRequest) -> bytes:
    """The body. Raises TooLarge, and LengthRequired for one that the host has not handed over."""
    body: bytes = req.get_body()
    if not body and "chunked" in str(req.headers.get("transfer-encoding", "")).lower():
        raise LengthRequired(
            "The body was sent in chunks (Transfer-Encoding: chunked), which does not arrive here; "
            "send it in one piece, with Content-Length."
        )
    limit_mb = current_app().settings.max_upload_mb
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


def from_strings(fields: Mapping[str, str], shape: type[T]) -> T:
    """As ``converted``, with numbers and booleans read from their text.

    msgspec reads "null" as None there, which would pass for a field left out: a client that
    sends ``cursor=null`` or ``limit=null`` has a bug that it wants to hear of.
    """
    found = converted(fields, shape, strict=False)
    for name in fields:
        if getattr(found, name) is None:
            raise Unprocessable.at(name, "null is no value here; leave the field out")
    return found


def _unprocessable(message: str) -> Unprocessable:
    """msgspec says: Expected `int`, got `str` - at `$.limit`."""
    what, _, where = message.partition(" - at ")
    name = where.strip("`").removeprefix("$").removeprefix(".")
    unknown = re.search(r"unknown field `(\w+)`", what)
    name = name or (unknown.group(1) if unknown else "")
    detail = f"{name}: {what}" if name else what
    return Unprocessable(detail, errors=[FieldError(name or "body", what)])


def _content_type(req: func.HttpRequest) -> str:
    return str(req.headers.get("content-type", "")).strip()


def _is_urlencoded(req: func.HttpRequest) -> bool:
    return _content_type(req).lower().startswith(_URLENCODED)


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a form and of the query string as one; a field given twice is refused."""
    together: dict[str, Any] = {}
    for fields in parts:
        for name, value in fields.items():
            if name in together:
                raise Unprocessable.at(name, "given twice")
            together[name] = value
    return together
