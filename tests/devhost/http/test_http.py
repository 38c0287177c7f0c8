"""HTTP through a real host process: what functions see, and what callers get."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from devhost.http import read_body_limit
from tests.devhost.running_host import RunningHost, copy_app


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    app = copy_app("shop", tmp_path_factory.mktemp("http"))
    values = {"FROM_LOCAL_SETTINGS": "yes", "BOX": "not-this"}
    settings = json.dumps({"IsEncrypted": False, "Values": values})
    (app / "local.settings.json").write_text(settings)
    limits = {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000000"}
    no_homepage = {"AzureWebJobsDisableHomepage": "true"}
    with RunningHost(app, PYTHON_THREADPOOL_THREAD_COUNT="32", **limits, **no_homepage) as running:
        yield running


def get(host, path, **options):
    return host.client.get(f"/api/{path}", **options)


def test_a_function_sees_the_request_as_in_azure(host):
    response = host.client.post(
        "/api/echo/a%20b%2Fc%C3%A9/x/y%20z?q=1&empty=&q=2&Q=3&p=%C3%A9",
        content=b"\x89PNG\x00",
        headers=[("X-Shop", "One"), ("X-Shop", "Two")],
    )
    call = response.json()
    assert call["method"] == "POST"
    assert call["url"].endswith("/api/echo/a%20b%2Fc%C3%A9/x/y%20z?q=1&empty=&q=2&Q=3&p=%C3%A9")
    assert call["params"] == {"Q": "1,2,3", "p": "é"}
    assert call["route"] == {"name": "a b%2Fcé", "rest": "x/y z"}
    assert call["headers"]["x-shop"] == "One,Two"
    assert call["body"] == "\x89PNG\x00"
    assert not call["main_thread"]


def test_local_settings_reach_the_environment_which_wins(host):
    assert get(host, "echo/a/b").json()["setting"] == "yes"
    assert "storage/images" in host.output()


def test_a_catch_all_may_be_empty(host):
    assert get(host, "echo/a").json()["route"] == {"name": "a"}


def test_multipart_reaches_the_librarys_parser(host):
    call = host.client.post("/api/echo/a", files={"file": ("a.png", b"12345")}).json()
    assert call["files"] == {"file": 5}


def test_a_large_body_arrives_whole(host):
    assert host.client.post("/api/size", content=b"x" * 1_000_000).text == "1000000 bytes"


def test_a_body_over_the_hosts_limit_is_a_bare_500_and_the_connection_ends(host):
    response = host.client.post("/api/size", content=b"x" * 1_000_001)
    assert (response.status_code, response.content) == (500, b"")
    assert response.headers["connection"] == "close"
    assert "the body of 1000001 bytes exceeds the host's limit" in host.output()
    assert host.client.post("/api/size", content=b"x").text == "1 bytes"


def test_the_hosts_limit_is_32_megabytes_where_nothing_sets_it(monkeypatch):
    monkeypatch.delenv("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", raising=False)
    assert read_body_limit() == 32_000_000


def test_a_chunked_body_arrives_empty(host):
    assert host.client.post("/api/size", content=iter([b"abc", b"def"])).text == "0 bytes"


@pytest.mark.parametrize("path", ["nothing", "size/more", "items", "", "../admin"])
def test_unknown_paths_are_404_without_a_body(host, path):
    response = get(host, path)
    assert (response.status_code, response.content) == (404, b"")


def test_a_wrong_method_is_404_as_in_azure(host):
    assert host.client.get("/api/size").status_code == 404
    assert host.client.head("/api/maybe").status_code == 404
    assert host.client.patch("/api/echo/a").json()["method"] == "PATCH"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("items/12", "number 12"),
        ("items/12a", "word 12a"),
        ("items/newest", "word newest"),  # the route of items_by_word sorts first
        ("ITEMS/12", "number 12"),
        ("items/12/", "number 12"),
        ("items/x/../12", "number 12"),
        ("maybe", "maybe nothing"),
        ("maybe/7", "maybe 7"),
        ("pages/a//b/", "page a//b/"),
        ("pages/", "page None"),
        ("pages/%0A%2f%C3%A9%FF", "page \n%2fé%FF"),
    ],
)
def test_routes_match_as_the_host_matches_them(host, path, answer):
    raw = f"GET /api/{path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    assert answer in exchange(host, raw.encode())


@pytest.mark.parametrize(
    "path",
    [
        "//api/maybe",
        "/api//maybe",
        "/api/maybe//",
        "/api/items/1//",
        "/api/pages//a",
        "/api/item%C5%BF/1",
    ],
)
def test_an_empty_segment_and_the_long_s_fit_no_route(host, path):
    assert status_of(host, f"GET {path} HTTP/1.1\r\nHost: a\r\n") == 404


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"GET /api/pages/{'x' * 8166} HTTP/1.1\r\nHost: a\r\n", 200),  # 8,192 bytes
        (f"GET /api/pages/{'x' * 8167} HTTP/1.1\r\nHost: a\r\n", 414),
        (f"GET /api/maybe HTTP/1.1\r\nHost: a\r\nx-a: {'x' * 32_000}\r\n", 200),
        (f"GET /api/maybe HTTP/1.1\r\nHost: a\r\nx-a: {'x' * 32_800}\r\n", 431),
        ("GET /api/maybe HTTP/1.1\r\nHost: a\r\n" + "x-a: b\r\n" * 98, 200),  # with Connection
        ("GET /api/maybe HTTP/1.1\r\nHost: a\r\n" + "x-a: b\r\n" * 99, 431),
        ("GET /api/pages/a%00b HTTP/1.1\r\nHost: a\r\n", 400),
        ("GET /api/maybe HTTP/1.1\r\n", 400),
        ("GET /api/maybe HTTP/1.1\r\nHost: a;b\r\n", 400),
        ("GET /api/maybe HTTP/1.1\r\nHost: a:\r\n", 400),
        ("GET /api/maybe HTTP/1.1\r\nHost: [::1]:80\r\n", 200),
        ("GET /api/maybe HTTP/2.0\r\nHost: a\r\n", 505),
        ("GET /api/maybe http/1.1\r\nHost: a\r\n", 505),
        ("GET /api/maybe HTTP/1.10\r\nHost: a\r\n", 400),
        ("GET api/maybe HTTP/1.1\r\nHost: a\r\n", 400),
        ("GET maybe HTTP/1.1\r\nHost: maybe\r\n", 405),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n", 404),
        ("GET http://a/api/maybe HTTP/1.1\r\nHost: a:80\r\n", 200),
        ("GET http://A:80/api/maybe?x=1 HTTP/1.1\r\nHost: a\r\n", 200),
        ("GET http://a:81/api/maybe HTTP/1.1\r\nHost: a\r\n", 400),
        ("GET /api/maybe HTTP/1.1\r\nHost: a\r\nx-a: \xff\r\n", 400),
        ("GET /api/maybe HTTP/1.1\r\nHost: a\r\nx-a: b\r\n folded\r\n", 400),
        ("POST /api/size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n", 400),
        ("POST /api/size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n", 200),
        ("POST /api/size HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n", 400),
        ("POST /api/size HTTP/1.1\r\nHost: a\r\nContent-Length: 000\r\n", 200),
        ("POST /api/size HTTP/1.0\r\n", 400),
        ("get /api/maybe HTTP/1.1\r\nHost: a\r\n", 200),
    ],
)
def test_the_server_refuses_what_kestrel_refuses(host, head, status):
    assert status_of(host, head) == status


def test_a_head_may_come_in_pieces_and_requests_one_behind_the_other(host):
    first = b"POST /api/size HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"
    second = b"get /api/maybe/2 HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET /api/maybe/3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answers = exchange(host, *(bytes([byte]) for byte in first), second + last)
    assert [line for line in answers.splitlines() if line.startswith(("maybe", "5 bytes"))] == [
        "5 bytes",
        "maybe 2",
        "maybe 3",
    ]


def status_of(host, head: str) -> int:
    """Sends a request line and headers as they are."""
    answer = exchange(host, f"{head}Connection: close\r\n\r\n".encode("latin-1"))
    return int(answer.split()[1])


def exchange(host, *pieces: bytes) -> str:
    """Sends bytes as they are: clients tidy paths up."""
    where = urlsplit(host.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while received := connection.recv(65536):
            answer += received
    return answer.decode()


def test_a_hidden_route_is_named_at_the_start(host):
    assert "the route of items_newest is hidden by that of items_by_word" in host.output()


def test_a_function_that_is_not_played_is_named(host):
    assert "bus is not served: serviceBusTrigger" in host.output()


def test_a_route_defaults_to_the_name_and_a_context_is_passed(host):
    name, invocation_id = get(host, "default_route").text.split()
    assert (name, len(invocation_id)) == ("default_route", 36)


def test_response_headers_and_cookies(host):
    response = get(host, "headers")
    assert (response.status_code, response.content) == (201, b"\x00\xff")
    assert response.headers["content-type"] == "image/png"
    assert response.headers.get_list("x-twice") == ["last"]
    assert response.headers.get_list("x-case") == ["the first"]
    assert response.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]
    assert "server" not in response.headers


def test_a_str_is_plain_text(host):
    response = get(host, "async")
    assert (response.text, response.headers["content-type"]) == (
        "async",
        "text/plain; charset=utf-8",
    )


def test_answers_come_in_chunks_without_their_length(host):
    response = get(host, "async")
    assert response.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in response.headers


def test_head_calls_the_function_where_its_route_declares_it(host):
    answer = exchange(host, b"HEAD /api/pages/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200")
    assert "content-type: text/html" in head
    assert body == ""
    assert any(event["method"] == "HEAD" for event in host.events("page"))


def test_the_homepage_is_public_unless_a_setting_switches_it_off(host, tmp_path):
    assert host.client.get("/").status_code == 204
    with RunningHost(copy_app("routes", tmp_path)) as other:
        assert other.client.get("/").status_code == 200


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body_have_none(host, status):
    response = get(host, f"bare/{status}")
    assert (response.status_code, response.content) == (status, b"")
    assert get(host, "async").text == "async"


@pytest.mark.parametrize(
    ("kind", "logged"),
    [
        ("none", "not NoneType"),
        ("dict", "not dict"),
        ("json", "parses a str that is JSON"),
        ("generator", "not generator"),
        ("header", "printable ASCII"),
        ("exit", "sys.exit()"),
        ("raise", "ValueError: a secret detail"),
    ],
)
def test_a_wrong_answer_is_a_500_that_tells_the_log_only(host, kind, logged):
    response = get(host, f"wrong/{kind}")
    assert (response.status_code, response.content) == (500, b"")
    assert logged in host.output()
    assert "error: wrong [" in host.output()


def test_slow_requests_run_on_threads_side_by_side(host):
    limits = httpx.Limits(max_connections=40)
    with httpx.Client(base_url=host.url, timeout=20, limits=limits) as client:
        started = time.monotonic()
        with ThreadPoolExecutor(32) as pool:
            names = {r.text for r in pool.map(lambda _: client.get("/api/sleep?s=0.5"), range(32))}
    assert time.monotonic() - started < 8  # 16 s one after the other
    assert len(names) > 16
    assert all(name.startswith("function") for name in names)


def test_each_request_is_one_line_without_its_query(host):
    get(host, "async?code=secret")
    lines = [line for line in host.output().splitlines() if "/api/async" in line]
    assert any(line.split()[1:4] == ["GET", "/api/async", "200"] for line in lines)
    assert "secret=" not in host.output()
    assert "code=" not in host.output()


def test_readiness(host):
    status = host.client.get("/admin/host/status").json()
    assert status["state"] == "Running"
    assert "blob_changed" in status["functions"]
    assert "bus" not in status["functions"]


def test_small_answers_are_not_held_back(host):
    """Nagle's algorithm against delayed acknowledgements would cost 40 ms on each."""

    def took(_: int) -> float:
        started = time.perf_counter()
        get(host, "async")
        return time.perf_counter() - started

    assert sorted(map(took, range(21)))[10] < 0.035
