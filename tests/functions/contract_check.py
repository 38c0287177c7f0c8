"""Holds every answer that a function test sees to what its function declares."""

import types
import typing
from typing import Any

import azure.functions as func
import msgspec

from functions.http.contract import Contract
from functions.http.edge import contract_behind
from functions.http.responses import PROBLEM_JSON
from functions.openapi.requests import problem_statuses


def declared(function: Any) -> Contract:
    """``function`` as a test calls it: bare, or registered in a blueprint."""
    bare = function.build().get_user_function() if hasattr(function, "build") else function
    contract = contract_behind(bare)
    assert contract
    return contract


def assert_as_declared(function: Any, response: func.HttpResponse) -> None:
    contract = declared(function)
    if response.mimetype == PROBLEM_JSON:
        assert response.status_code in problem_statuses(contract), f"declare it: {contract.name}"
        return
    assert response.status_code in contract.statuses, f"declare it: {contract.name}"
    if contract.returns is not None:
        body = msgspec.json.decode(response.get_body())
        assert any(_fits(body, shape) for shape in _members(contract.returns)), body


def _members(shape: object) -> tuple[object, ...]:
    is_union = typing.get_origin(shape) in (typing.Union, types.UnionType)
    return typing.get_args(shape) if is_union else (shape,)


def _fits(body: object, shape: object) -> bool:
    """Whether it is that and no more: unknown keys do not survive the conversion."""
    try:
        return msgspec.to_builtins(msgspec.convert(body, shape)) == body
    except msgspec.ValidationError:
        return False
