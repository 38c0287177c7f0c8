"""HTTP through a real host process: what functions see, and what callers get."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from tests.devhost.running import Running, copied


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    app = copied("shop", tmp_path_factory.mktemp("http"))
    values = {"FROM_LOCAL_SETTINGS": "yes", "BOX": "not-this"}
    settings = json.dumps({"IsEncrypted": False, "Values": values})
    (app / "local.settings.json").write_text(settings)
    limits = {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000000"}
    with Running(app, PYTHON_THREADPOOL_THREAD_COUNT="32", **limits) as running:
        yield running


def get(host, path, **options):
    return host.client.get(f"/api/{path}", **options)


def test_a_function_sees_the_request_as_in_azure(host):
    response = host.client.post(
        "/api/echo/a%20b%2Fc%C3%A9/x/y%20z?q=1&empty=&q=2&Q=3&p=%C3%A9",
        content=b"\x89PNG\x00",
        headers=[("X-Shop", "One"), ("X-Shop", "Two")],
    )
    seen = response.json()
    assert seen["method"] == "POST"
    assert seen["url"].endswith("/api/echo/a%20b%2Fc%C3%A9/x/y%20z?q=1&empty=&q=2&Q=3&p=%C3%A9")
    assert seen["params"] == {"q": "1,2,3", "p": "é"}
    assert seen["route"] == {"name": "a b%2Fcé", "rest": "x/y z"}
    assert seen["headers"]["x-shop"] == "One,Two"
    assert seen["body"] == "\x89PNG\x00"
    assert not seen["main_thread"]


def test_local_settings_reach_the_environment_which_wins(host):
    assert get(host, "echo/a/b").json()["setting"] == "yes"
    assert "storage/images" in host.output()


def test_a_catch_all_may_be_empty(host):
    assert get(host, "echo/a").json()["route"] == {"name": "a"}


def test_multipart_reaches_the_librarys_parser(host):
    seen = host.client.post("/api/echo/a", files={"file": ("a.png", b"12345")}).json()
    assert seen["files"] == {"file": 5}


def test_a_large_body_arrives_whole(host):
    assert host.client.post("/api/size", content=b"x" * 1_000_000).text == "1000000"


def test_a_body_over_the_limit_is_413(host):
    response = host.client.post("/api/size", content=b"x" * 1_000_001)
    assert (response.status_code, response.content) == (413, b"")
    assert host.client.post("/api/size", content=b"x").text == "1"


def test_a_chunked_body_arrives_empty(host):
    assert host.client.post("/api/size", content=iter([b"abc", b"def"])).text == "0"


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
        ("maybe", "nothing"),
        ("maybe/7", "7"),
    ],
)
def test_routes_match_as_the_host_matches_them(host, path, answer):
    raw = f"GET /api/{path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    assert answer in exchange(host, raw.encode())


def exchange(host, request: bytes) -> str:
    """Sends bytes as they are: clients tidy paths up."""
    where = urlsplit(host.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode()


def test_a_hidden_route_is_named_at_the_start(host):
    assert "the route of items_newest is hidden by that of items_by_word" in host.output()


def test_a_function_that_is_not_played_is_named(host):
    assert "bus is not served: serviceBusTrigger" in host.output()


def test_a_route_defaults_to_the_name_and_context_is_given(host):
    name, invocation_id = get(host, "unrouted").text.split()
    assert (name, len(invocation_id)) == ("unrouted", 36)


def test_response_headers_and_cookies(host):
    response = get(host, "headers")
    assert (response.status_code, response.content) == (201, b"\x00\xff")
    assert response.headers["content-type"] == "image/png"
    assert response.headers.get_list("x-twice") == ["last"]
    assert response.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]
    assert "server" not in response.headers


def test_a_str_is_plain_text(host):
    response = get(host, "async")
    assert (response.text, response.headers["content-type"]) == (
        "async",
        "text/plain; charset=utf-8",
    )


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
