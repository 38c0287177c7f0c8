"""Pictures from a real TLS server that misbehaves in every way."""

import contextlib
import gzip
import socket
import ssl
import threading
import time

import pytest
import trustme

from shared_code.adapters.downloads.image_urls import ImageDownloader
from shared_code.adapters.downloads.public_urls import is_public_address
from shared_code.domain.errors import Unprocessable
from tests.pictures import picture

HOST = "cdn.shop.example"
PICTURE = picture()
LIMIT = 100_000


class TlsServer:
    """Speaks TLS as ``cdn.shop.example`` and sends for each path what ``responses`` holds."""

    def __init__(self, ca: trustme.CA) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(HOST, "other.example").configure_cert(self.context)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.responses = {}
        self.requests: list[str] = []
        self.closed = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self.socket.accept()
                threading.Thread(target=self._answer, args=[plain], daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        wrap = self.context.wrap_socket
        with contextlib.suppress(OSError), wrap(plain, server_side=True) as secure:
            request = secure.recv(65_536).decode()
            self.requests.append(request)
            for piece in self.responses[request.split()[1]]:
                if isinstance(piece, float):
                    self.closed.wait(piece)
                else:
                    secure.sendall(piece)

    def respond_to(self, path: str, status: str, *headers: str, body=(b"",), length=True) -> str:
        body = [body] if isinstance(body, bytes) else body
        size = sum(len(piece) for piece in body if isinstance(piece, bytes))
        lines = [f"HTTP/1.1 {status}", *headers]
        lines += [f"content-length: {size}"] if length is True else []
        self.responses[path] = ["\r\n".join([*lines, "", ""]).encode(), *body]
        return f"https://{HOST}:{self.port}{path}"


@pytest.fixture(scope="module")
def ca():
    return trustme.CA()


@pytest.fixture
def server(ca):
    tls_server = TlsServer(ca)
    yield tls_server
    tls_server.closed.set()
    tls_server.socket.close()


@pytest.fixture
def fetch(ca, server):
    return make_fetcher(ca, server)


def make_fetcher(ca, server, *, addresses=("127.0.0.1",), **options):
    tls = ssl.create_default_context()
    ca.configure_trust(tls)
    return ImageDownloader(
        allowed=True,
        max_bytes=LIMIT,
        tls=tls,
        **{
            "resolve": lambda host, port: list(addresses),
            "is_public_address": lambda address: (
                address == "127.0.0.1" or is_public_address(address)
            ),
            "timeout_s": 5.0,
            "ports": (443, server.port),
            **options,
        },
    )


def get_refusal(fetch, url: str) -> str:
    with pytest.raises(Unprocessable) as caught:
        fetch(url)
    return str(caught.value)


def test_a_picture_is_fetched(fetch, server):
    url = server.respond_to("/a.png?w=1", "200 OK", body=PICTURE)
    assert fetch(url) == PICTURE
    request = server.requests[0].lower()
    assert f"host: {HOST}" in request
    assert "accept-encoding: identity" in request
    assert "authorization" not in request
    assert "cookie" not in request


def test_nothing_is_fetched_unless_that_is_allowed(server):
    url = server.respond_to("/a.png", "200 OK", body=PICTURE)
    assert "ALLOW_IMAGE_URLS" in get_refusal(ImageDownloader(allowed=False, max_bytes=LIMIT), url)
    assert server.requests == []


def test_a_body_without_length_and_one_in_chunks(fetch, server):
    assert fetch(server.respond_to("/a", "200 OK", body=PICTURE, length=False)) == PICTURE
    chunks = [f"{len(PICTURE):x}\r\n".encode(), PICTURE, b"\r\n0\r\n\r\n"]
    url = server.respond_to("/b", "200 OK", "transfer-encoding: chunked", body=chunks, length=False)
    assert fetch(url) == PICTURE


def test_a_host_name_with_a_private_address_is_not_called(ca, server):
    url = server.respond_to("/a", "200 OK", body=PICTURE)
    for addresses in (["10.0.0.1"], ["8.8.8.8", "169.254.169.254"], ["::1"], []):
        message = get_refusal(make_fetcher(ca, server, addresses=addresses), url)
        assert "public" in message
    assert server.requests == []


def test_the_resolver_is_called_once_per_download(ca, server):
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    fetch = make_fetcher(ca, server, resolve=lambda host, port: next(answers))
    assert fetch(server.respond_to("/a", "200 OK", body=PICTURE)) == PICTURE
    assert "public" in get_refusal(fetch, server.respond_to("/a", "200 OK", body=PICTURE))


def test_an_unknown_name(ca, server):
    def raise_unknown_host(host, port):
        raise socket.gaierror("no such host")

    assert "no server" in get_refusal(
        make_fetcher(ca, server, resolve=raise_unknown_host), server.respond_to("/a", "200 OK")
    )


def test_redirects_are_followed_and_checked_again(ca, server):
    fetch = make_fetcher(ca, server)
    end = server.respond_to("/end", "200 OK", body=PICTURE)
    server.respond_to("/two", "308 Permanent", f"location: {end}")
    assert fetch(server.respond_to("/one", "302 Found", "location: two")) == PICTURE
    for elsewhere in (
        f"http://{HOST}:{server.port}/end",
        f"https://127.0.0.1:{server.port}/end",
        "https://169.254.169.254/",
        f"https://{HOST}:8080/end",
        f"//user@{HOST}/end",
        "file:///etc/passwd",
    ):
        get_refusal(fetch, server.respond_to("/out", "301 Moved", f"location: {elsewhere}"))
    inside = make_fetcher(
        ca, server, resolve=lambda host, _: ["127.0.0.1" if host == HOST else "192.168.0.1"]
    )
    url = server.respond_to(
        "/out", "302 Found", f"location: https://other.example:{server.port}/end"
    )
    assert "other.example does not lead" in get_refusal(inside, url)


def test_redirects_have_an_end(fetch, server):
    assert "redirects" in get_refusal(
        fetch, server.respond_to("/loop", "302 Found", "location: /loop")
    )
    assert len(server.requests) == 4
    assert "redirects" in get_refusal(fetch, server.respond_to("/nowhere", "302 Found"))


@pytest.mark.parametrize(
    ("status", "headers", "body", "why"),
    [
        ("404 Not Found", [], b"", "404"),
        ("500 Oops", [], b"", "500"),
        ("204 No Content", [], b"", "204"),
        ("200 OK", ["content-encoding: gzip"], gzip.compress(b"0" * 10**7), "compressed"),
        ("200 OK", [], b"x" * (LIMIT + 1), "MB"),
    ],
)
def test_responses_that_are_no_picture(fetch, server, status, headers, body, why):
    assert why in get_refusal(fetch, server.respond_to("/a", status, *headers, body=body))


def test_a_body_that_never_ends_or_breaks_off(fetch, server):
    many = [b"x" * 10_000] * 1_000
    assert "MB" in get_refusal(fetch, server.respond_to("/a", "200 OK", body=many, length=False))
    url = server.respond_to("/b", "200 OK", "content-length: 500", body=b"x" * 10, length=False)
    assert "broke off" in get_refusal(fetch, url)
    huge = server.respond_to(
        "/c", "200 OK", "content-length: 999999999999", body=b"x", length=False
    )
    assert "MB" in get_refusal(fetch, huge)


@pytest.mark.parametrize("where", ["header", "body", "at once"])
def test_a_server_that_drips_bytes_holds_nobody_up(ca, server, where):
    drip = [piece for _ in range(100) for piece in (b"x", 0.1)]
    url = server.respond_to("/a", "200 OK", body=drip, length=False)
    if where == "header":
        server.responses["/a"] = [b"HTTP/1.1 200 OK\r\n", *drip]
    if where == "at once":
        server.responses["/a"] = [30.0]
    began = time.monotonic()
    assert "took more than 0.5 s" in get_refusal(make_fetcher(ca, server, timeout_s=0.5), url)
    assert time.monotonic() - began < 5


def test_a_server_that_never_shakes_hands(ca, server):
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    fetch = make_fetcher(ca, server, timeout_s=0.5, ports=(port,))
    assert "took more than" in get_refusal(fetch, f"https://{HOST}:{port}/")
    silent.close()
    assert "reached" in get_refusal(fetch, f"https://{HOST}:{port}/")


def test_the_certificate_must_be_for_the_name_and_by_someone_known(ca, server):
    fetch = make_fetcher(ca, server)
    url = server.respond_to("/a", "200 OK", body=PICTURE)
    assert "certificate" in get_refusal(fetch, url.replace(HOST, "cdn.other.example"))
    stranger = make_fetcher(trustme.CA(), server)
    assert "certificate" in get_refusal(stranger, url)
    assert server.requests == []


def test_a_proxy_of_the_environment_is_ignored(ca, server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert make_fetcher(ca, server)(server.respond_to("/a", "200 OK", body=PICTURE)) == PICTURE
