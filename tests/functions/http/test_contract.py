"""A handler's signature says how a request is parsed."""

import asyncio
import functools
import inspect
import typing
from typing import Annotated

import azure.functions as func
import pytest
from msgspec import UNSET, UnsetType

from functions.http.arguments import Binding, Body, FormBody, FormPayload, Header, Path, Query
from functions.http.endpoints import contract_behind, endpoint
from functions.schemas.base import Request, Response, ResponseBody
from tests.functions.conftest import as_form, as_json, assert_problem, body_of, call, http_request


class NumberRequest(Request, frozen=True):
    number: int = 0


class OptionalNumberRequest(Request, frozen=True):
    number: float | None = None


class NameRequest(Request, frozen=True):
    name: str


class EchoResponse(ResponseBody, frozen=True, kw_only=True):
    echo: str
    more: str | UnsetType = UNSET


@endpoint
def from_everywhere(
    path: Path[NameRequest], query: Query[NumberRequest], known: Annotated[str, Header("x-known")]
) -> EchoResponse:
    """A line.

    More.
    """
    return EchoResponse(echo=f"{path.name} {query.number} {known}")


@endpoint
def form_or_json(
    form: Annotated[FormPayload[NameRequest | NumberRequest], FormBody("file", json=NumberRequest)],
) -> EchoResponse:
    return EchoResponse(echo=f"{form.fields} {len(form.uploads)}")


@endpoint
def json_only(body: Body[NumberRequest]) -> EchoResponse:
    return EchoResponse(echo=str(body.number))


@endpoint(statuses=(202,))
def respond_accepted() -> EchoResponse:
    return EchoResponse(echo="soon")


@endpoint(statuses=(200, 503))
def with_own_status() -> Response[EchoResponse]:
    return Response(EchoResponse(echo="no"), 503, {"location": "/there"})


def test_arguments_come_from_where_they_say(app):
    request = {"params": {"number": "7"}, "headers": {"x-known": "k"}}
    response = call(from_everywhere, method="GET", route_params={"name": "n"}, **request)
    assert body_of(response) == {"echo": "n 7 k"}


def test_a_header_that_did_not_come_is_empty(app):
    response = call(from_everywhere, method="GET", route_params={"name": "n"})
    assert body_of(response) == {"echo": "n 0 "}


def test_a_form_may_come_as_json_instead(app):
    form = call(form_or_json, **as_form({"name": "n"}, [("file", "a", b"1"), ("file", "b", b"2")]))
    assert body_of(form) == {"echo": "NameRequest(name='n') 2"}
    assert body_of(call(form_or_json, **as_json({"number": 3}))) == {
        "echo": "NumberRequest(number=3) 0"
    }
    assert_problem(call(form_or_json, **as_json({"name": "n"})), 422, says="name")


def test_a_query_that_nobody_reads_is_refused(app):
    assert_problem(call(json_only, **as_json({}), params={"number": "1"}), 422, says="number")
    assert_problem(call(respond_accepted, params={"x": "1"}), 422, says="x")
    assert call(json_only, **as_json({}), params={"code": "a key"}).status_code == 200


def test_a_null_in_text_is_no_value(app):
    @endpoint
    def maybe(query: Query[OptionalNumberRequest]) -> EchoResponse:
        return EchoResponse(echo=str(query.number))

    assert body_of(call(maybe, params={"number": "1.5"})) == {"echo": "1.5"}
    assert_problem(call(maybe, params={"number": "null"}), 422, says="leave the field out")


def test_statuses_and_headers(app):
    assert call(respond_accepted).status_code == 202
    response = call(with_own_status)
    assert (response.status_code, response.headers["location"]) == (503, "/there")


def test_what_the_worker_sees_is_a_function_of_a_request(app):
    assert list(inspect.signature(from_everywhere).parameters) == ["req", "context"]
    assert typing.get_type_hints(from_everywhere) == {
        "req": func.HttpRequest,
        "context": func.Context,
        "return": func.HttpResponse,
    }
    assert from_everywhere.__name__ == "from_everywhere"
    assert contract_behind(from_everywhere).prose == "A line.\n\nMore."


def test_a_parameter_must_say_where_it_comes_from():
    def without_source(query: NumberRequest) -> EchoResponse: ...

    with pytest.raises(TypeError, match="query does not say where"):
        endpoint(without_source)


def test_a_handler_may_be_async_and_have_other_bindings(app):
    """The Durable Functions client needs this: its decorator wraps the function we register."""

    @endpoint(statuses=(202,))
    async def start(body: Body[NumberRequest], client: Binding[str]) -> EchoResponse:
        """Starts."""
        await asyncio.sleep(0)
        return EchoResponse(echo=f"{body.number} {client}")

    @functools.wraps(start)
    async def with_a_client(*arguments, **bindings):
        return await start(*arguments, **{**bindings, "client": f"rich {bindings['client']}"})

    assert list(inspect.signature(with_a_client).parameters) == ["req", "client", "context"]
    assert typing.get_type_hints(start)["client"] is str, "it arrives as the host sends it"
    response = asyncio.run(with_a_client(http_request(**as_json({"number": 2})), client="c"))
    assert (response.status_code, body_of(response)) == (202, {"echo": "2 rich c"})
    broken = asyncio.run(with_a_client(http_request(body=b"{"), client="c"))
    assert_problem(broken, 400)
    assert contract_behind(with_a_client).bindings == ["client"]
