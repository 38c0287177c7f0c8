"""Reads a request into the definitions of ``functions.requests``, or says what is wrong.

``HttpRequest.files`` answers a multipart body that it cannot read with no files and no
error, so what arrived is checked here: silence becomes a 400 with a hint.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import azure.functions as func
import msgspec

from shared_code.core.errors import (
    FieldError,
    LengthRequired,
    Malformed,
    TooLarge,
    Unprocessable,
)
from shared_code.runtime import runtime

T = TypeVar("T")

_HOST_PARAMETERS = {"code", "clientid"}
"""Query parameters that belong to Azure Functions (its keys), not to this API."""


MAX_FILES = 64
"""Of one request: decoded, each takes 0.6 MB until it is embedded."""

_URLENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart body."""

    name: str
    data: bytes


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
    return of_texts(query_fields(req), shape)


def is_form(req: func.HttpRequest) -> bool:
    """A JSON object under curl's default content type is taken for the JSON that it is."""
    if _content_type(req).startswith(_URLENCODED):
        return not req.get_body().lstrip().startswith(b"{")
    return _content_type(req).startswith("multipart/form-data")


def form(req: func.HttpRequest, files: str = "") -> Form:
    """The form, whose files may come under the field ``files``.

    Raises Malformed when the body is no form that can be read whole, Unprocessable for a file
    under another field and for an empty one.
    """
    body = limited_body(req)
    if not is_form(req):
        raise Malformed(f"Send multipart/form-data with the picture as {files!r}.")
    if not _content_type(req).startswith(_URLENCODED) and _last_boundary(req) not in body:
        raise Malformed(
            "The multipart body cannot be read: it is cut short, or its boundary is not the one "
            "named in Content-Type. Let the client set Content-Type itself."
        )
    req = _with_lower_case_type(req)
    with contextlib.ExitStack() as opened:
        for file in itertools.chain.from_iterable(req.files.listvalues()):
            opened.callback(file.close)
        stray = sorted(set(req.files) - {files})
        if stray:
            hint = f"send files as {files!r}" if files else "no file is wanted here"
            raise Unprocessable.at(stray[0], f"unknown file field; {hint}")
        sent = req.files.getlist(files)
        if len(sent) > MAX_FILES:
            raise Unprocessable.at(files, f"{len(sent)} files came; the limit is {MAX_FILES}")
        uploads = [Upload(f.filename or "", f.read()) for f in sent]
    if not all(upload.data for upload in uploads):
        raise Unprocessable.at(files, "the file is empty")
    for name, values in req.form.lists():
        if len(values) > 1:
            raise Unprocessable.at(name, "given twice")
    return Form(dict(req.form.items()), uploads)


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


def of_texts(fields: Mapping[str, str], shape: type[T]) -> T:
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
    return str(req.headers.get("content-type", "")).strip().lower()


def _with_lower_case_type(req: func.HttpRequest) -> func.HttpRequest:
    """Returns the request as the library's parser takes it, which knows lower case only."""
    given = str(req.headers.get("content-type", ""))
    media, semicolon, options = given.partition(";")
    if media == media.strip().lower():
        return req
    headers = {**req.headers, "content-type": media.strip().lower() + semicolon + options}
    return func.HttpRequest(req.method, req.url, headers=headers, body=req.get_body())


def _last_boundary(req: func.HttpRequest) -> bytes:
    """How a multipart body ends when all of it has come."""
    given = str(req.headers.get("content-type", ""))
    found = re.search(r';\s*boundary=(?:"([^"]+)"|([^\s;]+))', given, re.IGNORECASE)
    if found is None:
        raise Malformed(
            "Content-Type must read multipart/form-data; boundary=…  Let the client set it itself."
        )
    return f"--{found[1] or found[2]}--".encode()


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a form and of the query string as one; a field given twice is refused."""
    together: dict[str, Any] = {}
    for fields in parts:
        for name, value in fields.items():
            if name in together:
                raise Unprocessable.at(name, "given twice")
            together[name] = value
    return together
