"""Starting and stopping: apps that Azure would not load, ports, signals."""

import re
import signal
import socket
import time
from typing import Any

import azure.functions as func
import psutil
import pytest

from devhost.functions import load_functions
from devhost.host import FunctionsHost
from devhost.http import RouteTable
from devhost.project import BlobOptions, Project, StartupError
from tests.devhost.running_host import (
    RunningHost,
    copy_app,
    eventually,
    launch_host,
    read_startup_error,
    write_app,
)

HEAD = "import azure.functions as func\nfrom typing import Optional\napp = func.FunctionApp()\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import nothing_of_that_name", "cannot be imported (ModuleNotFoundError"),
        ("import sys; sys.exit(3)", "cannot be imported (SystemExit"),
        ("x = 1", "has no top-level FunctionApp"),
        (HEAD + "other = func.FunctionApp()", "has more than one top-level FunctionApp"),
        (
            HEAD + "@app.blob_trigger('blob', 'images/{name}', 'AzureWebJobsStorage')\n"
            "def picture(blob: func.InputStream): ...",
            "function picture: a blob trigger without data_type=func.DataType.BINARY",
        ),
    ],
)
def test_an_app_that_azure_would_not_load_is_refused(tmp_path, source, message):
    output = read_startup_error(write_app(tmp_path, source))
    assert message in output
    assert "Listening" not in output


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "@app.route('a')\ndef a(req: func.HttpRequest | None) -> str: ...",
            "function a: its parameter req is annotated azure.functions",
        ),
        (
            "@app.route('a')\ndef a(req: Optional[func.HttpRequest]) -> str: ...",
            "no union and no Optional",
        ),
        ("@app.route('a')\ndef a(request): ...", "are request, but its bindings are named req"),
        ("@app.route('a')\ndef a(): ...", "are none, but its bindings are named req"),
        ("@app.route('a')\ndef a(*args, **kwargs): ...", "needs functools.wraps"),
        ("@app.route('a')\ndef a(req: func.InputStream): ...", "does not fit httpTrigger"),
        ("@app.route('a')\ndef a(req, context: str): ...", "must be annotated func.Context"),
        ("@app.route('a')\ndef a(req: 'Missing'): ...", "cannot be resolved"),
        (
            "@app.route('a')\ndef a(req: func.HttpRequest) -> None: ...",
            "its return annotation <class 'NoneType'> does not fit http",
        ),
        (
            "@app.route('a')\ndef a(req: func.HttpRequest) -> str | func.HttpResponse: ...",
            "is not a plain class",
        ),
        (
            "@app.route('a')\ndef a(req): ...\nb = func.Blueprint()\n"
            "@b.route('b')\ndef a(req): ...\napp.register_functions(b)",
            "does not have a unique",
        ),
        (
            "@app.route('a')\ndef a(req): ...\n@app.route('b')\ndef A(req): ...",
            "a and A differ only in case",
        ),
        (
            "@app.blob_trigger('blob', '%UNSET%/{name}', 'AzureWebJobsStorage', "
            "data_type='BINARY')\ndef picture(blob: func.InputStream): ...",
            "the app setting UNSET is not set",
        ),
        ("@app.route('a/{id:odd}')\ndef a(req): ...", "does not know the constraint odd"),
        ("@app.route('a/{id')\ndef a(req): ...", "is not a valid template"),
    ],
)
def test_a_function_that_azure_would_not_load_is_refused(tmp_path, source, message):
    names: dict[str, Any] = {}
    exec(HEAD + source, names)
    with pytest.raises(StartupError, match=re.escape(message)):
        FunctionsHost(Project(tmp_path, "api", BlobOptions()), names["app"])


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("/x", "begins with a slash"),
        ("a//b", "empty segment"),
        ("{*p?}", "a catch-all is a whole segment, and not optional"),
        ("x{*p}", "a catch-all is a whole segment"),
        ("{*p}/x", "a catch-all must come last"),
        ("{a}{b}", "two parameters follow each other"),
        ("{a}/{A}", "two parameters have the same name"),
        ("{a?}.png", "an optional parameter is a whole segment"),
        ("a?b", "is not a valid template"),
        ("a/{}", "is not a valid template"),
        ("admin/x", "belong to the host"),
        ("Runtime", "belong to the host"),
    ],
)
def test_a_route_that_azures_host_refuses_is_named_at_the_start(template, reason):
    with pytest.raises(StartupError, match=re.escape(reason)) as refused:
        route_table(a=(template, ["GET"]))
    assert f"function a: Azure's host refuses the route {template}: " in str(refused.value)


def test_one_route_and_method_belong_to_one_function():
    with pytest.raises(
        StartupError, match="functions a and b have the same route api/X and method"
    ):
        route_table(a=("x", ["GET", "POST"]), b=("X", ["POST"]))
    table = route_table(a=("x", ["GET"]), b=("x", ["POST"]))
    assert table.find("POST", "/api/x")[0].name == "b"


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        ("{name}.{kind}", "a.b.png", {"name": "a.b", "kind": "png"}),
        ("x/{id:int}/", "x/7", {"id": "7"}),
        ("a*b", "A*b", {}),
        ("x/{id:int?}", "X/", {}),
        ("x/{**rest}", "x/a//b/", {"rest": "a//b/"}),
        ("é", "É", {}),
    ],
)
def test_templates_that_azures_host_takes(template, path, parameters):
    match = route_table(a=(template, ["GET"])).find("GET", f"/api/{path}")
    assert match is not None
    assert match[1] == parameters


def test_overlapping_routes_go_by_their_names_in_capitals():
    """The underscore comes behind the capitals, and before the small letters."""
    table = route_table(get_a=("{x}", ["GET"]), getb=("b", ["GET"]))
    assert table.find("GET", "/api/b")[0].name == "getb"


def route_table(**routes: tuple[str, list[str]]) -> RouteTable:
    app = func.FunctionApp()
    for name, (template, methods) in routes.items():
        register(app, name, template, methods)
    return RouteTable(load_functions(app), "api")


def register(app: func.FunctionApp, name: str, template: str, methods: list[str]) -> None:
    def answer(req: func.HttpRequest) -> str:
        return name

    app.function_name(name)(app.route(route=template, methods=methods)(answer))


def test_a_folder_that_is_no_app_is_refused(tmp_path):
    assert "there is no host.json" in read_startup_error(tmp_path)


def test_broken_local_settings_are_refused(tmp_path):
    app = write_app(tmp_path, HEAD)
    (app / "local.settings.json").write_text("{")
    assert "local.settings.json is not valid JSON" in read_startup_error(app)


def test_a_busy_port_is_one_clear_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        output = read_startup_error(write_app(tmp_path, HEAD), "--port", str(port))
    assert output.count("\n") == 1
    assert f"port {port}" in output
    assert f"make start PORT={port + 1}" in output


def test_an_open_host_warns_that_it_has_no_function_keys(tmp_path):
    log = tmp_path / "host.log"
    process = launch_host(write_app(tmp_path, HEAD), "--port", "0", log=log, HOST="0.0.0.0")
    try:
        eventually(lambda: "Listening on" in log.read_text(), "start")
        assert "without function keys" in log.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_within_two_seconds_whatever_request_runs(tmp_path, number):
    app = copy_app("shop", tmp_path)
    with RunningHost(app) as host:
        children = psutil.Process(host.process.pid).children(recursive=True)
        with socket.create_connection(("127.0.0.1", host.client.base_url.port)) as busy:
            busy.sendall(b"GET /api/sleep?s=60 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.2)
            started = time.monotonic()
            host.process.send_signal(number)
            assert host.process.wait(10) == 0
            assert time.monotonic() - started < 2
        assert children == []
        assert "Traceback" not in host.output()


def test_the_apps_runtime_is_closed_at_the_end(tmp_path):
    app = write_app(
        tmp_path,
        HEAD + "from shared_code.app import close_app",
    )
    (app / "shared_code").mkdir()
    (app / "shared_code" / "__init__.py").touch()
    (app / "shared_code" / "app.py").write_text("def close_app():\n    open('closed', 'w').close()")
    with RunningHost(app):
        pass
    assert (app / "closed").exists()
