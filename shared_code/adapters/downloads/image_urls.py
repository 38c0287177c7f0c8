"""Fetches pictures from other people's servers, to which nobody in here shall be sent.

The address that a name resolves to is checked, and that very address is connected to: a second
answer of the resolver is never asked for. The certificate is checked for the name. Every redirect
begins anew. Nothing is fetched unless ``ALLOW_IMAGE_URLS`` is set.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urljoin

from shared_code.adapters.downloads.public_urls import Address, is_public, public_url
from shared_code.domain.errors import Unprocessable

if TYPE_CHECKING:
    from shared_code.settings import Settings

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""Name and port -> addresses. Raises OSError for a name that is not known."""

MAX_REDIRECTS = 3
SECONDS = 20.0
"""For one picture, redirects included. A server that sends a byte now and then keeps nobody."""

_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS = {
    "accept": "image/*",
    "accept-encoding": "identity",  # what is compressed may be a bomb
    "user-agent": "catalogue-image-search",
}


def resolve(host: str, port: int) -> list[str]:
    """By the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True)
class ImageUrls:
    allowed: bool
    max_bytes: int
    seconds: float = SECONDS
    ports: Collection[int] = (443,)
    resolve: Resolve = resolve
    is_public: Callable[[str], bool] = is_public
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    @classmethod
    def from_settings(cls, settings: Settings) -> ImageUrls:
        return cls(settings.allow_image_urls, settings.max_upload_mb * 1_000_000)

    def __call__(self, url: str) -> bytes:
        """Raises Unprocessable, saying why, for whatever cannot or must not be fetched."""
        if not self.allowed:
            raise Unprocessable("image URLs are not fetched: ALLOW_IMAGE_URLS is not set")
        deadline = time.monotonic() + self.seconds
        for _ in range(1 + MAX_REDIRECTS):
            found = self._get(public_url(url, ports=self.ports), deadline)
            if isinstance(found, bytes):
                return found
            url = urljoin(url, found)
        raise Unprocessable(f"more than {MAX_REDIRECTS} redirects")

    def _get(self, asked: Address, deadline: float) -> bytes | str:
        """The body, or where it is said to be instead."""
        held: list[socket.socket] = []
        # a socket's own time limit begins anew with every byte
        watch = threading.Timer(max(0.0, deadline - time.monotonic()), _hang_up, [held])
        watch.daemon = True
        addresses = self._addresses(asked)
        watch.start()
        try:
            connection = self._connection(asked, addresses, deadline, held)
            connection.request("GET", asked.target, headers=_HEADERS)
            with contextlib.closing(connection.getresponse()) as response:
                answer = self._answer(response)
            if time.monotonic() >= deadline:  # what the watch cut off looks like an end
                raise TimeoutError
        except (OSError, http.client.HTTPException, ValueError) as exc:
            late = time.monotonic() >= deadline
            why = f"it took more than {self.seconds:g} s" if late else _why(exc)
            raise Unprocessable(f"{asked.host}: {why}") from exc
        finally:
            watch.cancel()
            for each in held:
                each.close()
        return answer

    def _answer(self, response: http.client.HTTPResponse) -> bytes | str:
        if response.status in _REDIRECTS:
            return response.getheader("location") or ""
        if response.status != http.client.OK:
            raise Unprocessable(f"the server answered {response.status}")
        if response.getheader("content-encoding", "identity").lower() != "identity":
            raise Unprocessable("the server sent it compressed, which was not asked for")
        limit = f"more than {self.max_bytes / 1e6:.0f} MB (MAX_UPLOAD_MB)"
        if (response.length or 0) > self.max_bytes:
            raise Unprocessable(limit)
        body = response.read(self.max_bytes + 1)
        if len(body) > self.max_bytes:
            raise Unprocessable(limit)
        if response.length:  # the rest never came
            raise http.client.IncompleteRead(body, response.length)
        return body

    def _connection(
        self,
        asked: Address,
        addresses: Sequence[str],
        deadline: float,
        held: list[socket.socket],
    ) -> http.client.HTTPSConnection:
        """To the first of these addresses that takes the call, and to no other."""
        plain = _first_open(addresses, asked.port, deadline)
        held.append(plain)
        secure = self.tls.wrap_socket(
            plain, server_hostname=asked.host, do_handshake_on_connect=False
        )
        held.append(secure)  # from now on the watch can hang up
        secure.do_handshake()
        connection = http.client.HTTPSConnection(asked.host, asked.port, context=self.tls)
        connection.sock = secure
        return connection

    def _addresses(self, asked: Address) -> Sequence[str]:
        try:
            found = self.resolve(asked.host, asked.port)
        except (OSError, UnicodeError) as exc:
            raise Unprocessable(f"there is no server {asked.host}") from exc
        if not found or not all(map(self.is_public, found)):
            raise Unprocessable(f"{asked.host} does not lead to a public address")
        return found


def _first_open(addresses: Sequence[str], port: int, deadline: float) -> socket.socket:
    for address in addresses:
        left = max(0.1, deadline - time.monotonic())
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port), timeout=left)
    raise ConnectionError("it cannot be reached")


def _hang_up(held: Sequence[socket.socket]) -> None:
    for each in held:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _why(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {exc.verify_message}"
    return str(exc) if isinstance(exc, ConnectionError) else "the connection broke off"
