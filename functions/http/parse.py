"""Reads a request into the definitions of ``functions.schemas``, or says what is wrong.

Forms are read here, not by ``HttpRequest.files`` and ``form``: functions.http.multipart says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import azure.functions as func
import msgspec

from functions.http.multipart import is_multipart, parse_multipart
from functions.schemas.base import from_json, from_strings
from shared_code.app import current_app
from shared_code.domain.errors import (
    LengthRequired,
    Malformed,
    TooLarge,
    Unprocessable,
)

T = TypeVar("T")

_HOST_PARAMETERS = {"code", "clientid"}
"""Query parameters that belong to Azure Functions (its keys), not to this API."""


MAX_FILES = 64
"""The most files of one request: decoded, each takes 0.6 MB until it is embedded."""

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


def read_json_body(req: func.HttpRequest, shape: type[T]) -> T:
    """Returns the body as ``shape``. Raises Malformed for broken JSON, Unprocessable for what it
    holds."""
    body = read_body(req)
    if not body:
        raise Malformed("The body is empty; send a JSON object.")
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Malformed(f"The body is not valid JSON: {exc}") from exc
    return from_json(content, shape)


def read_query_fields(req: func.HttpRequest) -> dict[str, str]:
    """Returns the query string without the parameters of Azure Functions."""
    return {k: v for k, v in req.params.items() if k.lower() not in _HOST_PARAMETERS}


def read_query(req: func.HttpRequest, shape: type[T]) -> T:
    """Returns the query string as ``shape``."""
    return from_strings(read_query_fields(req), shape)


def is_form(req: func.HttpRequest) -> bool:
    """A JSON object under curl's default content type counts as JSON."""
    if _is_urlencoded(req):
        return not req.get_body().lstrip().startswith(b"{")
    return is_multipart(_read_content_type(req))


def read_form(req: func.HttpRequest, files: str = "") -> Form:
    """Returns the form, whose files are under the field ``files``.

    Raises Malformed when the body is not a form, or is cut short; Unprocessable for a file under
    another field, and for an empty one.
    """
    body = read_body(req)
    if not is_form(req):
        raise Malformed(f"Send multipart/form-data with the picture as {files!r}.")
    fields, uploads = _split_form(body, _read_content_type(req), files)
    if len(uploads) > MAX_FILES:
        raise Unprocessable.at(
            files, f"the form has {len(uploads)} files; the limit is {MAX_FILES}"
        )
    if not all(len(upload.data) for upload in uploads):
        raise Unprocessable.at(files, "the file is empty")
    return Form(merge_fields(*({name: value} for name, value in fields)), uploads)


def _split_form(
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
            hint = f"send files as {files!r}" if files else "this form takes no file"
            raise Unprocessable.at(part.name, f"unknown file field; {hint}")
    return fields, uploads


def read_form_with_files(req: func.HttpRequest, files: str) -> Form:
    """Returns a form with at least one file."""
    form = read_form(req, files)
    if not form.uploads:
        raise Unprocessable.at(files, "no file was sent")
    return form


def read_form_with_one_file(req: func.HttpRequest, files: str) -> Form:
    form = read_form_with_files(req, files)
    if len(form.uploads) > 1:
        raise Unprocessable.at(files, f"send one file, not {len(form.uploads)}")
    return form


def read_body(req: func.HttpRequest) -> bytes:
    """Returns the body. Raises TooLarge, and LengthRequired for one that the host has withheld."""
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


def _read_content_type(req: func.HttpRequest) -> str:
    return str(req.headers.get("content-type", "")).strip()


def _is_urlencoded(req: func.HttpRequest) -> bool:
    return _read_content_type(req).lower().startswith(_URLENCODED)


def merge_fields(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields of a form and of the query string together. Refuses a field that is in
    both."""
    merged: dict[str, Any] = {}
    for fields in parts:
        for name, value in fields.items():
            if name in merged:
                raise Unprocessable.at(name, "sent twice")
            merged[name] = value
    return merged
