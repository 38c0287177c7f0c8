"""The API's document: complete, valid, and true to what the handlers parse."""

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

import function_app
from functions.docs import openapi_document
from functions.http.arguments import FormBody, JsonBody
from functions.http.endpoints import CONTRACTS
from functions.openapi.api import api_document
from functions.openapi.examples import EXAMPLES
from functions.openapi.filters import filter_schema
from functions.schemas.base import from_json, from_strings
from shared_code.domain.errors import Unprocessable
from shared_code.domain.filter_language import parse_filter
from tests.functions.conftest import body_of, call

assert function_app.app  # importing it registers what the document describes
FIELDS = {"category": "keyword", "price": "number", "in_stock": "bool", "added": "date"}


@pytest.fixture
def document(app):
    return api_document()


def list_operations(document):
    return [op for methods in document["paths"].values() for op in methods.values()]


def test_it_is_valid_openapi(document):
    validate(document)


def test_it_is_what_the_endpoint_answers(app, document):
    assert body_of(call(openapi_document, method="GET")) == document


def test_a_body_is_described_by_the_definition_that_parses_it(document):
    product = document["paths"]["/api/v1/index-product"]["post"]["requestBody"]["content"]
    assert product["application/json"]["schema"] == {"$ref": "#/components/schemas/ProductRequest"}
    schema = document["components"]["schemas"]["ProductRequest"]
    assert schema["required"] == ["product_id", "name"]
    assert schema["additionalProperties"] is False
    [limit, *_] = document["paths"]["/api/v1/index-failures"]["get"]["parameters"]
    assert (limit["name"], limit["schema"]["maximum"], limit["schema"]["default"]) == (
        "limit",
        100,
        20,
    )


def test_a_picture_is_a_file_of_a_form(document):
    body = document["paths"]["/api/v1/search-image"]["post"]["requestBody"]["content"]
    form = body["multipart/form-data"]["schema"]
    assert form["properties"]["file"]["format"] == "binary"
    assert form["required"] == ["file"]


def test_parameters_come_from_route_query_and_headers(document):
    image = document["paths"]["/api/v1/images/{path}"]["get"]["parameters"]
    assert [(parameter["in"], parameter["name"]) for parameter in image] == [
        ("path", "path"),
        ("query", "size"),
        ("header", "if-none-match"),
    ]


def test_every_operation_says_what_it_is_and_how_it_fails(document):
    for operation in list_operations(document):
        assert operation["summary"], operation["operationId"]
        assert {"422", "500", "503"} <= set(operation["responses"])


def test_only_a_few_need_no_key(document):
    free = {op["operationId"] for op in list_operations(document) if not op["security"]}
    assert free == {"health", "openapi_document", "docs", "dashboard", "dashboard_file"}
    assert all("401" in op["responses"] for op in list_operations(document) if op["security"])


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_is_one_that_its_handler_would_take(name):
    [contract] = [contract for contract in CONTRACTS.values() if contract.name == name]
    for argument in contract.arguments:
        if isinstance(argument.source, JsonBody):
            from_json(EXAMPLES[name], argument.shape)
        elif isinstance(argument.source, FormBody):
            fields = {k: v for k, v in EXAMPLES[name].items() if k != argument.source.files}
            if argument.source.json:
                from_json(fields, argument.source.json)
            else:
                from_strings(fields, argument.source.form_of(argument.shape))


@pytest.mark.parametrize(
    "filter_",
    [
        {},
        {"category": "dress"},
        {"category": ["dress", "shoe"], "price": {"gte": 1, "lt": 2.5}},
        {"not": {"in_stock": True}},
        {"category": 7},
        {"category": []},
        {"category": {"gt": 1}},
        {"price": "cheap"},
        {"price": {}},
        {"price": {"above": 5}},
        {"price": True},
        {"size": 5},
        {"not": []},
        {"not": {"size": 5}},
        {"and": [{"category": "dress"}, {"or": [{"price": 1}, {"in_stock": False}]}]},
        {"or": []},
        {"or": [{"size": 5}]},
        {"and": {"category": "dress"}},
        {"added": ["2026-11-23", "2026-11-23T10:00:00Z"]},
        {"added": {"gte": "2026-01-01"}},
        {"added": 5},
        {"category": None},
    ],
)
def test_the_schema_of_filters_agrees_with_their_parser(filter_):
    schema = {**filter_schema(FIELDS), "$id": "filter:"}
    text = json.dumps(schema).replace("#/components/schemas/Filter", "#")
    try:
        parse_filter(filter_, FIELDS)
        is_good = True
    except Unprocessable:
        is_good = False
    assert Draft202012Validator(json.loads(text)).is_valid(filter_) == is_good
