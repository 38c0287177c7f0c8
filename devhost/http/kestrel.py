"""Refuses requests that Kestrel refuses, the server of Azure's host.

Uvicorn's parser is more lenient in some places and stricter in others. So each head (request line
and headers) is read here first, and refused as Kestrel does it or rewritten so that uvicorn accepts
it.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger("devhost.http")

MAX_REQUEST_LINE = 8192  # bytes, including its end
MAX_HEADER_BYTES = 32 * 1024  # bytes of all headers together
MAX_HEADERS = 100

_TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_HOST = re.compile(rb"(?:[-0-9A-Za-z._~!$&'()]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")
_AUTHORITY = re.compile(rb"[-0-9A-Za-z:.@\[\]]+")
_HEAD_END = re.compile(rb"\n\r?\n")


class HeadRefused(Exception):
    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request line with its headers, in a form that uvicorn's parser accepts."""

    method: bytes
    target: bytes
    version: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def encode(self) -> bytes:
        lines = [b"%b %b %b" % (self.method, self.target, self.version)]
        lines += [b"%b: %b" % header for header in self.headers]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def get(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


def split_head(data: bytes) -> tuple[bytes, bytes] | None:
    """Returns the head and the bytes after it; None before its end has arrived. Raises
    HeadRefused."""
    line_end = data.find(b"\n")
    if (line_end if line_end >= 0 else len(data)) >= MAX_REQUEST_LINE:
        raise HeadRefused(HTTPStatus.REQUEST_URI_TOO_LONG, "the request line is over 8,192 bytes")
    end = _HEAD_END.search(data, max(0, line_end))
    if ((end.end() if end else len(data)) - line_end - 1) > MAX_HEADER_BYTES:
        raise HeadRefused(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are over 32,768 bytes"
        )
    return (data[: end.start()], data[end.end() :]) if end else None


def parse_head(head: bytes) -> RequestHead:
    """Raises HeadRefused."""
    request_line, *header_lines = [line.removesuffix(b"\r") for line in head.split(b"\n")]
    method, target, version = _parse_request_line(request_line)
    if len(header_lines) > MAX_HEADERS:
        raise HeadRefused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "more than 100 headers")
    headers = _check_framing(
        [_parse_header(line) for line in header_lines], method=method, version=version
    )
    host = _check_host(headers, version)
    return RequestHead(method, _to_origin_form(method, target, host), version, tuple(headers))


def _parse_request_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    method, _, rest = line.partition(b" ")
    target, _, version = rest.partition(b" ")
    if not _TOKEN.fullmatch(method) or not target.isascii() or b"\0" in target or not target:
        raise _bad_request("the request line is malformed")
    if len(version) != len(b"HTTP/1.1"):
        raise _bad_request("the request line is malformed")
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise HeadRefused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "not HTTP/1.1 or 1.0")
    return method, target, version


def _parse_header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not _TOKEN.fullmatch(name):  # a folded line begins with white space
        raise _bad_request("a header line is malformed")
    value = value.strip(b" \t")
    if b"\0" in value or b"\r" in value:
        raise _bad_request("a header holds a NUL or a carriage return")
    try:
        value.decode()
    except UnicodeDecodeError:
        raise _bad_request("a header is not UTF-8") from None
    return name, value


def _check_framing(
    headers: list[tuple[bytes, bytes]], *, method: bytes, version: bytes
) -> list[tuple[bytes, bytes]]:
    """Returns headers in which a request has either a length or chunks, not both."""
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    codings = [value for name, value in headers if name.lower() == b"transfer-encoding"]
    if len(lengths) > 1:
        raise _bad_request("Content-Length is repeated")
    if lengths and not re.fullmatch(rb"\+?[0-9]{1,18}|-0+", lengths[0]):
        raise _bad_request("Content-Length is not a number")
    if codings and codings[-1].split(b",")[-1].strip().lower() != b"chunked":
        raise _bad_request("the last Transfer-Encoding is not chunked")
    if version == b"HTTP/1.0" and method in (b"POST", b"PUT") and not lengths and not codings:
        raise _bad_request("HTTP/1.0 needs a Content-Length")
    length = b"%d" % abs(int(lengths[0])) if lengths else b""
    others = [
        header
        for header in headers
        if header[0].lower() not in (b"content-length", b"transfer-encoding")
    ]
    if codings:  # uvicorn accepts no other coding beside it
        others.append((b"transfer-encoding", b"chunked"))
    if lengths:
        others.append((b"x-content-length" if codings else b"content-length", length))
    return others


def _check_host(headers: list[tuple[bytes, bytes]], version: bytes) -> bytes:
    hosts = [value for name, value in headers if name.lower() == b"host"]
    if len(hosts) > 1 or (not hosts and version == b"HTTP/1.1"):
        raise _bad_request("a request has one Host header")
    host = hosts[0] if hosts else b""
    if not _HOST.fullmatch(host):
        raise _bad_request("the Host header is malformed")
    return host


def _to_origin_form(method: bytes, target: bytes, host: bytes) -> bytes:
    """Returns the target from its first slash, in characters that uvicorn accepts; ``*`` where it
    has no path."""
    if target.startswith(b"/"):
        path, mark, query = target.partition(b"?")
    elif target.startswith((b"http://", b"https://")):
        path, mark, query = _split_absolute(target, host)
    else:
        return _check_pathless(method, target, host)
    if b"%00" in path:
        raise _bad_request("the path holds %00")
    plain = path + mark + query
    return re.sub(rb"[\x01-\x20\x7f]", lambda match: b"%%%02X" % match[0][0], plain)


def _split_absolute(target: bytes, host: bytes) -> tuple[bytes, bytes, bytes]:
    """Decodes %2F in the path, which Kestrel does only for targets that are whole URLs."""
    rest, mark, query = target.partition(b"?")
    scheme, _, rest = rest.partition(b"://")
    authority, slash, path = rest.partition(b"/")
    default_port = b":80" if scheme == b"http" else b":443"
    authority = authority.lower().removesuffix(default_port)
    if not authority or host not in (authority, authority + default_port):
        raise _bad_request("the target is the URL of another host")
    return re.sub(rb"%2[Ff]", b"/", b"/" + path if slash else b"/"), mark, query


def _check_pathless(method: bytes, target: bytes, host: bytes) -> bytes:
    if target == b"*":
        if method.upper() == b"OPTIONS":
            return target
        raise HeadRefused(HTTPStatus.METHOD_NOT_ALLOWED, "* is for OPTIONS only")
    if not _AUTHORITY.fullmatch(target):
        raise _bad_request("the target is neither a path nor a URL")
    if method != b"CONNECT":
        raise HeadRefused(HTTPStatus.METHOD_NOT_ALLOWED, "a host alone is for CONNECT only")
    if target != host:
        raise _bad_request("the target is another host")
    return b"*"


def _bad_request(reason: str) -> HeadRefused:
    return HeadRefused(HTTPStatus.BAD_REQUEST, reason)


class KestrelProtocol(H11Protocol):
    """Uvicorn's protocol behind Kestrel's rules."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._unread = b""
        self._body_left: int | None = 0
        """Bytes of the body that have not arrived; None for a body in chunks."""

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._unread += data
        self._advance()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._advance()

    def _advance(self) -> None:
        """Passes on what uvicorn can read now: a head, or more of a body."""
        while self._unread and not self.transport.is_closing():
            state = self.conn.their_state
            if state is h11.IDLE:
                if not self._take_head():
                    return
            elif state is h11.SEND_BODY:
                self._take_body()
            elif state is h11.DONE:  # the next request waits for the response to this one
                self.flow.pause_reading()
                return
            else:  # the connection ends after this request
                self._unread = b""

    def _take_head(self) -> bool:
        try:
            parts = split_head(self._unread)
            if parts is None:
                return False
            head = parse_head(parts[0])
        except HeadRefused as refused:
            self._refuse(refused)
            return False
        self._unread = parts[1]
        self._body_left = (
            None if head.get(b"transfer-encoding") else int(head.get(b"content-length") or 0)
        )
        super().data_received(head.encode())
        return True

    def _take_body(self) -> None:
        length = len(self._unread) if self._body_left is None else self._body_left
        data, self._unread = self._unread[:length], self._unread[length:]
        if self._body_left is not None:
            self._body_left -= len(data)
        super().data_received(data)

    def _refuse(self, refused: HeadRefused) -> None:
        log.info("refused with %d: %s", refused.status, refused)
        status = refused.status
        self._unread = b""
        self.transport.write(
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        self.transport.close()
