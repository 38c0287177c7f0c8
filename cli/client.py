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

PATIENCE_S = 230
"""Azure ends a request then."""


class Unexpected(Exception):
    """An answer that asking again does not mend; the message names the request."""


class Away(ConnectionError):
    """The app, or what it needs, is not there just now; ``wait_s``: when to ask again."""

    def __init__(self, said: str, wait_s: int) -> None:
        super().__init__(said)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Client:
    """Answers are parsed JSON. Raises Unexpected, Away, and OSError where nobody answers."""

    url: str
    key: str = ""
    """A function key, where one is asked for."""

    def get(self, path: str) -> Any:
        return self._asked("GET", path)

    def found(self, path: str) -> bool:
        return self._exchange("GET", path)[0] == HTTPStatus.OK

    def post(self, path: str) -> Any:
        return self._asked("POST", path)

    def post_json(self, path: str, body: object) -> Any:
        return self._asked("POST", path, json.dumps(body).encode(), "application/json")

    def post_file(self, path: str, file: Path) -> Any:
        boundary, name = uuid.uuid4().hex, file.name.replace('"', "")
        head = f'content-disposition: form-data; name="file"; filename="{name}"'
        body = f"--{boundary}\r\n{head}\r\n\r\n".encode() + file.read_bytes()
        body += f"\r\n--{boundary}--\r\n".encode()
        return self._asked("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def _asked(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Any:
        status, answer, wait_s = self._exchange(method, path, body, content_type)
        if status in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            return _json(answer, f"{method} {path}")
        said = f"{method} {path} answered {status}: {_detail(answer)}"
        if status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE):
            raise Away(said, wait_s)
        raise Unexpected(said)

    def _exchange(
        self, method: str, path: str, body: bytes = b"", content_type: str = ""
    ) -> tuple[int, bytes, int]:
        """Status, body, and the seconds to wait before asking again."""
        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=PATIENCE_S)
        headers = {"x-functions-key": self.key} if self.key else {}
        headers |= {"content-type": content_type} if content_type else {}
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            response = connection.getresponse()
            wait = response.getheader("retry-after", "")
            return response.status, response.read(), int(wait) if wait.isdecimal() else 5
        finally:
            connection.close()


def _json(answer: bytes, request: str) -> Any:
    try:
        return json.loads(answer)
    except ValueError as exc:
        raise Unexpected(f"{request} answered, and not in JSON") from exc


def _detail(answer: bytes) -> str:
    """What a problem says, else the beginning of the answer."""
    text = answer.decode(errors="replace")
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return text[:300]
