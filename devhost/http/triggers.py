"""HTTP, with the quirks of the Functions host and of the worker's converters."""

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

from devhost.functions import converter
from devhost.http.keys import Keys
from devhost.http.routing import RouteTable
from devhost.http.urls import decode_path, join_headers, parse_query
from devhost.invoker import Invocation, Invoker

log = logging.getLogger("devhost.http")

_NO_HOMEPAGE = "AzureWebJobsDisableHomepage"
_HOP_HEADERS = {"content-length", "transfer-encoding", "connection"}


def body_limit() -> int:
    """Bytes; above it the host answers 500. The default is what infra/app.bicep sets."""
    configured = os.environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "")
    return int(configured) if configured.isdecimal() else 32_000_000


class HttpFunctions:
    """An ASGI app that serves exactly the HTTP functions of a route table."""

    def __init__(self, routes: RouteTable, invoke: Invoker, keys: Keys) -> None:
        self._routes = routes
        self._invoke = invoke
        self._limit = body_limit()
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = Request(scope, receive)
        path = raw_path(scope)
        response = await self._answer(request, path)
        log.info(
            "%-6s %s %d %.0f ms",
            request.method,
            path,
            response.status_code,
            (time.perf_counter() - started) * 1000,
            extra={"status": response.status_code},
        )
        await response(scope, receive, send)

    async def _answer(self, request: Request, raw: str) -> Response:
        path = decode_path(raw)
        match = self._routes.find(request.method, path)
        if match is None:
            return _homepage() if path == "/" else Response(status_code=404)
        function, parameters = match
        if not self._keys.let_in(request, function):
            return Response(status_code=401)
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._limit:
            log.warning("%s: the body of %s bytes is over the host's limit", function.name, length)
            return Response(status_code=500, headers={"connection": "close"})
        invocation = Invocation(function)
        try:
            # the host forwards only a body whose length was announced
            body = await request.body() if length.isdecimal() else b""
            returned = await self._invoke(invocation, function_request(request, parameters, body))
            return function_response(returned)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception:
            log.exception("%s failed", invocation)
            return Response(status_code=500)


def raw_path(scope: Scope) -> str:
    """As it came over the wire, still percent-encoded."""
    return bytes(scope.get("raw_path") or scope["path"].encode()).decode("latin-1")


def _homepage() -> Response:
    """Azure's host welcomes everybody there, unless a setting says otherwise."""
    if os.environ.get(_NO_HOMEPAGE, "").strip().lower() in ("1", "true"):
        return Response(status_code=204)
    return Response("<!doctype html><title>Functions</title>", media_type="text/html")


def function_request(request: Request, parameters: Mapping[str, str], body: bytes) -> HttpRequest:
    query = request.scope["query_string"].decode("latin-1")
    host = request.headers.get("host", "")
    url = f"{request.url.scheme}://{host}{raw_path(request.scope)}"
    return HttpRequest(
        method=request.method,
        url=f"{url}?{query}" if query else url,
        headers=join_headers(request.headers.raw),
        params=parse_query(query),
        route_params=parameters,
        body_type="bytes",
        body=body,
    )


def function_response(returned: Any) -> Response:
    """The worker's converter, then what the host makes of its message."""
    try:
        datum = converter("http").encode(returned, expected_type=None)
    except NotImplementedError:
        raise TypeError(
            f"an HTTP function returns func.HttpResponse or str, not {type(returned).__name__}"
        ) from None
    if datum.type == "string":
        _refuse_json(datum.value)
        return _in_chunks(Response(datum.value, media_type="text/plain"))
    status = int(datum.value["status_code"].value)
    response = Response(_body(status, datum.value["body"].value), status_code=status)
    taken = set(_HOP_HEADERS)
    for name, value in datum.value["headers"].items():
        # of one spelling the last value counts, of two spellings the first; no empty type is sent
        is_no_type = name.lower() == "content-type" and not value.value
        if name.lower() not in taken and not is_no_type:
            taken.add(name.lower())
            response.headers[name] = _plain(name, value.value)
    for cookies in datum.value["cookies"] or ():
        for morsel in cookies.values():
            response.headers.append("set-cookie", morsel.OutputString())
    return _in_chunks(response)


def _refuse_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        return
    raise ValueError(
        "Azure's host parses a str that is JSON and sends it in another form: "
        "return func.HttpResponse instead"
    )


def _in_chunks(response: Response) -> Response:
    """The host does not say how long an answer is; the server then sends it in chunks."""
    if response.body:
        del response.headers["content-length"]
    return response


def _body(status: int, body: bytes) -> bytes:
    return b"" if status < 200 or status in (204, 304) else body


def _plain(name: str, value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    raise ValueError(f"response header {name}: only printable ASCII may go on the wire")
