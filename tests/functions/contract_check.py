"""Checks each response that a function's test gets against what the function declares."""

import types
import typing
from typing import Any

import azure.functions as func
import msgspec

from functions.http.contract import Contract
from functions.http.endpoints import contract_behind
from functions.http.responses import PROBLEM_JSON
from functions.openapi.requests import problem_statuses


def get_contract(function: Any) -> Contract:
    """Returns the contract of a function as a test calls it: bare, or registered in a blueprint."""
    bare = function.build().get_user_function() if hasattr(function, "build") else function
    contract = contract_behind(bare)
    assert contract
    return contract


def assert_matches_contract(function: Any, response: func.HttpResponse) -> None:
    contract = get_contract(function)
    if response.mimetype == PROBLEM_JSON:
        assert response.status_code in problem_statuses(contract), f"{contract.name}: undeclared"
        return
    assert response.status_code in contract.statuses, f"{contract.name}: undeclared"
    if contract.returns is not None:
        body = msgspec.json.decode(response.get_body())
        assert any(_has_shape(body, shape) for shape in _list_union_members(contract.returns)), body


def _list_union_members(shape: object) -> tuple[object, ...]:
    is_union = typing.get_origin(shape) in (typing.Union, types.UnionType)
    return typing.get_args(shape) if is_union else (shape,)


def _has_shape(body: object, shape: object) -> bool:
    """Returns whether the body has this shape and no more: conversion drops unknown keys."""
    try:
        return msgspec.to_builtins(msgspec.convert(body, shape)) == body
    except msgspec.ValidationError:
        return False
