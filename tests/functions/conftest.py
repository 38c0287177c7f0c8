"""The app with in-memory parts, and real host objects to call its functions with."""

import asyncio
import inspect
import json
from typing import Any

import azure.functions as func
import pytest

from shared_code.app import App, use_models
from shared_code.reindex.model_switch import ModelSwitch
from shared_code.settings import Settings
from tests.functions.contract_check import assert_matches_contract, get_contract
from tests.twins.blobs import MemoryBlobStore
from tests.twins.encoder import TwinEncoder
from tests.twins.events import MemoryEventQueue
from tests.twins.index import MemoryIndex
from tests.twins.users import MemoryRows

BOUNDARY = "a-boundary"


class BrokenPart:
    """A part that fails as its technology would."""

    def __init__(self, error, **attributes):
        """``attributes`` work though the part is broken."""
        self._error = error
        vars(self).update(attributes)

    def __getattr__(self, name):
        raise self._error


class CountingEncoder(TwinEncoder):
    """Records everything it was asked to embed."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def encode_images(self, pictures):
        self.calls += ["image"] * len(pictures)
        return super().encode_images(pictures)

    def encode_texts(self, texts):
        self.calls += texts
        return super().encode_texts(texts)


@pytest.fixture
def app():
    """The app on twins, each held to the contract suite of the adapter it stands for."""
    app = App(Settings(max_upload_mb=2))
    app.adapters.encoder, app.adapters.index = CountingEncoder(), MemoryIndex()
    app.adapters.images, app.adapters.feeds = MemoryBlobStore(), MemoryBlobStore()
    app.adapters.thumbnails, app.adapters.state = MemoryBlobStore(), MemoryBlobStore()
    app.adapters.failure_records = MemoryBlobStore()
    app.adapters.user_rows, app.adapters.event_queue = MemoryRows(), MemoryEventQueue()
    previous = use_models(ModelSwitch(app))
    yield app
    use_models(previous)


def call(function: Any, durable: Any = None, **request: Any) -> func.HttpResponse:
    """Calls a function and checks its response; ``durable`` plays the Durable Functions client."""
    bindings = dict.fromkeys(get_contract(function).bindings, durable)
    response = function(http_request(**request), **bindings)
    if inspect.iscoroutine(response):
        response = asyncio.run(response)
    assert_matches_contract(function, response)
    return response


def http_request(
    *,
    method: str = "POST",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    route_params: dict[str, str] | None = None,
) -> func.HttpRequest:
    return func.HttpRequest(
        method=method,
        url="http://localhost/api/v1/test",
        headers=headers or {},
        params=params or {},
        route_params=route_params or {},
        body=body,
    )


def as_json(content: Any) -> dict[str, Any]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return {"body": body, "headers": {"content-type": "application/json"}}


def as_form(
    fields: dict[str, str] | None = None,
    files: list[tuple[str, str, bytes]] | None = None,
    *,
    boundary: str = BOUNDARY,
) -> dict[str, Any]:
    """multipart/form-data; ``files`` holds (field, file name, content)."""
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in (fields or {}).items()
    ]
    parts += [
        f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode()
        + content
        for name, file_name, content in files or []
    ]
    delimiter = f"--{BOUNDARY}\r\n".encode()
    body = b"".join(delimiter + part + b"\r\n" for part in parts)
    return {
        "body": body + f"--{BOUNDARY}--\r\n".encode(),
        "headers": {"content-type": f"multipart/form-data; boundary={boundary}"},
    }


def body_of(response: func.HttpResponse) -> dict[str, Any]:
    return json.loads(response.get_body())


def assert_problem(response: func.HttpResponse, status: int, *, says: str = "") -> dict[str, Any]:
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    body = body_of(response)
    assert body["status"] == status
    assert body["title"]
    assert says in json.dumps(body)
    return body
