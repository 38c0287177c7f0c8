"""Downloads pictures from other people's servers, without letting a URL lead into our own network.

The addresses that a name resolves to are checked, and the connection is made to one of these very
addresses: the name is not resolved twice. The certificate is checked for the name. Every redirect
is checked like a first URL. Nothing is downloaded unless ``ALLOW_IMAGE_URLS`` is set.
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
from typing import TypeAlias
from urllib.parse import urljoin

from shared_code.adapters.downloads.public_urls import (
    PublicUrl,
    is_public_address,
    parse_public_url,
)
from shared_code.domain.errors import Unprocessable

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""Host name and port -> IP addresses. Raises OSError for an unknown name."""

MAX_REDIRECTS = 3
TIMEOUT_S = 20.0
"""For one picture, redirects included, so that a server that trickles bytes holds nobody up."""

_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS = {
    "accept": "image/*",
    "accept-encoding": "identity",  # compressed content may be a bomb
    "user-agent": "catalogue-image-search",
}


def resolve(host: str, port: int) -> list[str]:
    """Returns the addresses that the system's resolver knows, each once."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDownloader:
    allowed: bool
    max_bytes: int
    timeout_s: float = TIMEOUT_S
    ports: Collection[int] = (443,)
    resolve: Resolve = resolve
    is_public_address: Callable[[str], bool] = is_public_address
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def __call__(self, url: str) -> bytes:
        """Returns the file's content. Raises Unprocessable, with the reason, for a URL that cannot
        or must not be fetched."""
        if not self.allowed:
            raise Unprocessable("image URLs are not fetched: ALLOW_IMAGE_URLS is not set")
        deadline = time.monotonic() + self.timeout_s
        for _ in range(1 + MAX_REDIRECTS):
            result = self._get(parse_public_url(url, ports=self.ports), deadline)
            if isinstance(result, bytes):
                return result
            url = urljoin(url, result)
        raise Unprocessable(f"more than {MAX_REDIRECTS} redirects")

    def _get(self, url: PublicUrl, deadline: float) -> bytes | str:
        """Returns the body, or the location that the server redirects to."""
        sockets: list[socket.socket] = []
        # a socket's own time-out starts again with every byte
        watch = threading.Timer(max(0.0, deadline - time.monotonic()), _shut_down, [sockets])
        watch.daemon = True
        addresses = self._resolve_public(url)
        watch.start()
        try:
            connection = self._connect(url, addresses, deadline, sockets)
            connection.request("GET", url.target, headers=_HEADERS)
            with contextlib.closing(connection.getresponse()) as response:
                result = self._read_response(response)
            if time.monotonic() >= deadline:  # what the watch cut off looks complete
                raise TimeoutError
        except (OSError, http.client.HTTPException, ValueError) as exc:
            is_late = time.monotonic() >= deadline
            reason = f"it took more than {self.timeout_s:g} s" if is_late else _explain(exc)
            raise Unprocessable(f"{url.host}: {reason}") from exc
        finally:
            watch.cancel()
            for open_socket in sockets:
                open_socket.close()
        return result

    def _read_response(self, response: http.client.HTTPResponse) -> bytes | str:
        if response.status in _REDIRECTS:
            return response.getheader("location") or ""
        if response.status != http.client.OK:
            raise Unprocessable(f"the server answered {response.status}")
        if response.getheader("content-encoding", "identity").lower() != "identity":
            raise Unprocessable("the server sent it compressed, which the app does not accept")
        limit = f"more than {self.max_bytes / 1e6:.0f} MB (MAX_UPLOAD_MB)"
        if (response.length or 0) > self.max_bytes:
            raise Unprocessable(limit)
        body = response.read(self.max_bytes + 1)
        if len(body) > self.max_bytes:
            raise Unprocessable(limit)
        if response.length:  # the connection ended early
            raise http.client.IncompleteRead(body, response.length)
        return body

    def _connect(
        self,
        url: PublicUrl,
        addresses: Sequence[str],
        deadline: float,
        sockets: list[socket.socket],
    ) -> http.client.HTTPSConnection:
        """Connects to the first of these addresses that accepts, and to no other."""
        plain = _connect_to_first(addresses, url.port, deadline)
        sockets.append(plain)
        secure = self.tls.wrap_socket(
            plain, server_hostname=url.host, do_handshake_on_connect=False
        )
        sockets.append(secure)  # from now on the watch can shut it down
        secure.do_handshake()
        connection = http.client.HTTPSConnection(url.host, url.port, context=self.tls)
        connection.sock = secure
        return connection

    def _resolve_public(self, url: PublicUrl) -> Sequence[str]:
        try:
            addresses = self.resolve(url.host, url.port)
        except (OSError, UnicodeError) as exc:
            raise Unprocessable(f"there is no server {url.host}") from exc
        if not addresses or not all(map(self.is_public_address, addresses)):
            raise Unprocessable(f"{url.host} does not lead to a public address")
        return addresses


def _connect_to_first(addresses: Sequence[str], port: int, deadline: float) -> socket.socket:
    for address in addresses:
        remaining_s = max(0.1, deadline - time.monotonic())
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port), timeout=remaining_s)
    raise ConnectionError("it cannot be reached")


def _shut_down(sockets: Sequence[socket.socket]) -> None:
    for open_socket in sockets:
        with contextlib.suppress(OSError):
            open_socket.shutdown(socket.SHUT_RDWR)


def _explain(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {exc.verify_message}"
    return str(exc) if isinstance(exc, ConnectionError) else "the connection broke off"
