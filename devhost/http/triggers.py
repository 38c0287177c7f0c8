"""HTTP triggers, with the quirks of the Functions host and of the worker's converters."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping
from typing import Any

from azure.functions.http import HttpRequest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from devhost.functions import find_converter
from devhost.http.keys import FunctionKeys
from devhost.http.routing import RouteTable
from devhost.http.urls import decode_path, join_headers, parse_query
from devhost.invoker import Invocation, Invoker

log = logging.getLogger("devhost.http")

_HOMEPAGE_SETTING = "AzureWebJobsDisableHomepage"
_HOP_HEADERS = {"content-length", "transfer-encoding", "connection"}


def read_body_limit() -> int:
    """Returns bytes; the host answers longer bodies with 500. The default is that of
    infra/app.bicep."""
    configured = os.environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "")
    return int(configured) if configured.isdecimal() else 32_000_000


class HttpFunctions:
    """An ASGI app that serves exactly the HTTP functions of a route table."""

    def __init__(self, routes: RouteTable, invoke: Invoker, keys: FunctionKeys) -> None:
        self._routes = routes
        self._invoke = invoke
        self._body_limit = read_body_limit()
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = Request(scope, receive)
        path = read_raw_path(scope)
        response = await self._respond(request, path)
        log.info(
            "%-6s %s %d %.0f ms",
            request.method,
            path,
            response.status_code,
            (time.perf_counter() - started) * 1000,
            extra={"status": response.status_code},
        )
        await response(scope, receive, send)

    async def _respond(self, request: Request, raw_path: str) -> Response:
        path = decode_path(raw_path)
        match = self._routes.find(request.method, path)
        if match is None:
            return _make_homepage() if path == "/" else Response(status_code=404)
        function, parameters = match
        if not self._keys.allows(request, function):
            return Response(status_code=401)
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._body_limit:
            log.warning("%s: the body of %s bytes exceeds the host's limit", function.name, length)
            return Response(status_code=500, headers={"connection": "close"})
        invocation = Invocation(function)
        try:
            # the host forwards only a body whose length was announced
            body = await request.body() if length.isdecimal() else b""
            returned = await self._invoke(
                invocation, make_function_request(request, parameters, body)
            )
            return make_function_response(returned)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception:
            log.exception("%s failed", invocation)
            return Response(status_code=500)


def read_raw_path(scope: Scope) -> str:
    """Returns the path as it was sent, still percent-encoded."""
    return bytes(scope.get("raw_path") or scope["path"].encode()).decode("latin-1")


def _make_homepage() -> Response:
    """Returns the public page that Azure's host shows, unless a setting switches it off."""
    if os.environ.get(_HOMEPAGE_SETTING, "").strip().lower() in ("1", "true"):
        return Response(status_code=204)
    return Response("<!doctype html><title>Functions</title>", media_type="text/html")


def make_function_request(
    request: Request, parameters: Mapping[str, str], body: bytes
) -> HttpRequest:
    query = request.scope["query_string"].decode("latin-1")
    host = request.headers.get("host", "")
    url = f"{request.url.scheme}://{host}{read_raw_path(request.scope)}"
    return HttpRequest(
        method=request.method,
        url=f"{url}?{query}" if query else url,
        headers=join_headers(request.headers.raw),
        params=parse_query(query),
        route_params=parameters,
        body_type="bytes",
        body=body,
    )


def make_function_response(returned: Any) -> Response:
    """Encodes the value with the worker's converter, then treats the message as the host does."""
    try:
        datum = find_converter("http").encode(returned, expected_type=None)
    except NotImplementedError:
        raise TypeError(
            f"an HTTP function returns func.HttpResponse or str, not {type(returned).__name__}"
        ) from None
    if datum.type == "string":
        _refuse_json(datum.value)
        return _drop_length(Response(datum.value, media_type="text/plain"))
    status = int(datum.value["status_code"].value)
    response = Response(_select_body(status, datum.value["body"].value), status_code=status)
    used_names = set(_HOP_HEADERS)
    for name, value in datum.value["headers"].items():
        # of one spelling the last value counts, of two spellings the first; no empty type is sent
        is_empty_type = name.lower() == "content-type" and not value.value
        if name.lower() not in used_names and not is_empty_type:
            used_names.add(name.lower())
            response.headers[name] = _check_header(name, value.value)
    for cookies in datum.value["cookies"] or ():
        for morsel in cookies.values():
            response.headers.append("set-cookie", morsel.OutputString())
    return _drop_length(response)


def _refuse_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        return
    raise ValueError(
        "Azure's host parses a str that is JSON and sends it in another form: "
        "return a func.HttpResponse instead"
    )


def _drop_length(response: Response) -> Response:
    """The host never sends Content-Length; the server then sends chunks."""
    if response.body:
        del response.headers["content-length"]
    return response


def _select_body(status: int, body: bytes) -> bytes:
    return b"" if status < 200 or status in (204, 304) else body


def _check_header(name: str, value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    raise ValueError(f"response header {name}: only printable ASCII may be sent")
