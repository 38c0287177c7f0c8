"""The smallest HTTP client that the commands need, for the app here and for a deployed one."""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 230
"""Azure ends a request after that."""

DEFAULT_RETRY_AFTER_S = 5


class RequestFailed(Exception):
    """The app refused a request, and repeating it will not help; the message names the request."""


class AppUnavailable(ConnectionError):
    """The app, or something it needs, is down for now; try again in ``retry_after_s``."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    body: bytes
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class AppClient:
    """Returns parsed JSON. Raises RequestFailed, AppUnavailable, and OSError where no server
    listens."""

    url: str
    key: str = ""
    """A function key, where the app asks for one."""

    def get(self, path: str) -> Any:
        return self._request_json("GET", path)

    def exists(self, path: str) -> bool:
        return self._send("GET", path).status == HTTPStatus.OK

    def post(self, path: str) -> Any:
        return self._request_json("POST", path)

    def post_json(self, path: str, body: object) -> Any:
        return self._request_json("POST", path, json.dumps(body).encode(), "application/json")

    def post_file(self, path: str, file: Path) -> Any:
        """Sends the file as the field ``file`` of a form."""
        boundary, name = uuid.uuid4().hex, file.name.replace('"', "")
        head = f'content-disposition: form-data; name="file"; filename="{name}"'
        body = f"--{boundary}\r\n{head}\r\n\r\n".encode() + file.read_bytes()
        body += f"\r\n--{boundary}--\r\n".encode()
        return self._request_json("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def _request_json(
        self, method: str, path: str, body: bytes = b"", content_type: str = ""
    ) -> Any:
        response = self._send(method, path, body, content_type)
        if response.status in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            try:
                return json.loads(response.body)
            except ValueError as exc:
                raise RequestFailed(
                    f"{method} {path} answered with something that is not JSON"
                ) from exc
        message = f"{method} {path} answered {response.status}: {_problem_detail(response.body)}"
        if response.status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE):
            raise AppUnavailable(message, response.retry_after_s)
        raise RequestFailed(message)

    def _send(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> _Response:
        parts = urlsplit(self.url)
        is_secure = parts.scheme == "https"
        connect = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        connection = connect(parts.netloc, timeout=TIMEOUT_S)
        headers = {"x-functions-key": self.key} if self.key else {}
        headers |= {"content-type": content_type} if content_type else {}
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            response = connection.getresponse()
            retry_after = response.getheader("retry-after", "")
            seconds = int(retry_after) if retry_after.isdecimal() else DEFAULT_RETRY_AFTER_S
            return _Response(response.status, response.read(), seconds)
        finally:
            connection.close()


def _problem_detail(body: bytes) -> str:
    """Returns the ``detail`` of a problem response, else the beginning of the body."""
    text = body.decode(errors="replace")
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return text[:300]
