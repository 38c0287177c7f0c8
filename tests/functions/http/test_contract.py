"""What a handler's signature makes of a request."""

import asyncio
import functools
import inspect
import typing
from typing import Annotated

import azure.functions as func
import pytest
from msgspec import UNSET, UnsetType

from functions.http.arguments import Binding, Body, FormBody, FormPayload, Header, Path, Query
from functions.http.edge import contract_behind, endpoint
from functions.schemas.base import Request, Response, ResponseBody
from tests.functions.conftest import as_form, as_json, assert_problem, body_of, call, http_request


class Asked(Request, frozen=True):
    number: int = 0


class Maybe(Request, frozen=True):
    number: float | None = None


class Named(Request, frozen=True):
    name: str


class Said(ResponseBody, frozen=True, kw_only=True):
    heard: str
    more: str | UnsetType = UNSET


@endpoint
def from_everywhere(
    path: Path[Named], asked: Query[Asked], known: Annotated[str, Header("x-known")]
) -> Said:
    """A line.

    More.
    """
    return Said(heard=f"{path.name} {asked.number} {known}")


@endpoint
def form_or_json(sent: Annotated[FormPayload[Named | Asked], FormBody("file", json=Asked)]) -> Said:
    return Said(heard=f"{sent.fields} {len(sent.uploads)}")


@endpoint
def json_only(asked: Body[Asked]) -> Said:
    return Said(heard=str(asked.number))


@endpoint(statuses=(202,))
def later() -> Said:
    return Said(heard="soon")


@endpoint(statuses=(200, 503))
def own_status() -> Response[Said]:
    return Response(Said(heard="no"), 503, {"location": "/there"})


def test_arguments_come_from_where_they_say(app):
    request = {"params": {"number": "7"}, "headers": {"x-known": "k"}}
    answered = call(from_everywhere, method="GET", route_params={"name": "n"}, **request)
    assert body_of(answered) == {"heard": "n 7 k"}


def test_a_header_that_did_not_come_is_empty(app):
    answered = call(from_everywhere, method="GET", route_params={"name": "n"})
    assert body_of(answered) == {"heard": "n 0 "}


def test_a_form_may_come_as_json_instead(app):
    form = call(form_or_json, **as_form({"name": "n"}, [("file", "a", b"1"), ("file", "b", b"2")]))
    assert body_of(form) == {"heard": "Named(name='n') 2"}
    assert body_of(call(form_or_json, **as_json({"number": 3}))) == {"heard": "Asked(number=3) 0"}
    assert_problem(call(form_or_json, **as_json({"name": "n"})), 422, says="name")


def test_a_query_that_nobody_reads_is_refused(app):
    assert_problem(call(json_only, **as_json({}), params={"number": "1"}), 422, says="number")
    assert_problem(call(later, params={"x": "1"}), 422, says="x")
    assert call(json_only, **as_json({}), params={"code": "a key"}).status_code == 200


def test_a_null_in_text_is_no_value(app):
    @endpoint
    def maybe(asked: Query[Maybe]) -> Said:
        return Said(heard=str(asked.number))

    assert body_of(call(maybe, params={"number": "1.5"})) == {"heard": "1.5"}
    assert_problem(call(maybe, params={"number": "null"}), 422, says="leave the field out")


def test_statuses_and_headers(app):
    assert call(later).status_code == 202
    answered = call(own_status)
    assert (answered.status_code, answered.headers["location"]) == (503, "/there")


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
    def unsaid(asked: Asked) -> Said: ...

    with pytest.raises(TypeError, match="asked does not say where"):
        endpoint(unsaid)


def test_a_handler_may_be_async_and_have_other_bindings(app):
    """As the client of Durable Functions needs it, whose decorator wraps what we register."""

    @endpoint(statuses=(202,))
    async def start(asked: Body[Asked], client: Binding[str]) -> Said:
        """Starts."""
        await asyncio.sleep(0)
        return Said(heard=f"{asked.number} {client}")

    @functools.wraps(start)
    async def with_a_client(*arguments, **bindings):
        return await start(*arguments, **{**bindings, "client": f"rich {bindings['client']}"})

    assert list(inspect.signature(with_a_client).parameters) == ["req", "client", "context"]
    assert typing.get_type_hints(start)["client"] is str, "it arrives as the host sends it"
    answered = asyncio.run(with_a_client(http_request(**as_json({"number": 2})), client="c"))
    assert (answered.status_code, body_of(answered)) == (202, {"heard": "2 rich c"})
    broken = asyncio.run(with_a_client(http_request(body=b"{"), client="c"))
    assert_problem(broken, 400)
    assert contract_behind(with_a_client).bindings == ["client"]
