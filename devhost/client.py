"""The smallest HTTP client that ``make start`` needs to try the app it has just started."""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class Unexpected(Exception):
    """Another status than 200; the message names the request."""


@dataclass(frozen=True, slots=True)
class Client:
    url: str

    def get(self, path: str) -> Any:
        return self._json("GET", path, b"", "")

    def found(self, path: str) -> bool:
        return self._exchange("GET", path, b"", "")[0] == HTTPStatus.OK

    def post_json(self, path: str, body: object) -> Any:
        return self._json("POST", path, json.dumps(body).encode(), "application/json")

    def post_file(self, path: str, file: Path) -> Any:
        boundary = uuid.uuid4().hex
        head = f'content-disposition: form-data; name="file"; filename="{file.name}"'
        body = f"--{boundary}\r\n{head}\r\n\r\n".encode() + file.read_bytes()
        body += f"\r\n--{boundary}--\r\n".encode()
        return self._json("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def _json(self, method: str, path: str, body: bytes, content_type: str) -> Any:
        status, answer = self._exchange(method, path, body, content_type)
        if status != HTTPStatus.OK:
            raise Unexpected(f"{method} {path} answered {status}: {answer.decode()[:300]}")
        return json.loads(answer)

    def _exchange(
        self, method: str, path: str, body: bytes, content_type: str
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            headers = {"content-type": content_type} if content_type else {}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
