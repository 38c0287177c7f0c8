"""A request has one definition, and one rule reads it from JSON and from text."""

import json

import msgspec
import pytest

from functions.schemas.base import from_json, from_strings, spell_for_form, spell_for_json
from functions.schemas.bulk import JobSourceResponse
from functions.schemas.failures import ListingRequest
from functions.schemas.products import ProductRequest
from functions.schemas.search import HybridRequest, PictureSearchRequest, SearchResponse
from shared_code.domain.errors import Unprocessable


def test_text_and_json_of_one_definition_are_the_same_request():
    fields = {
        "query": "green",
        "limit": 3,
        "diversity": 0.5,
        "explain": True,
        "filter": {"price": {"lte": 5}},
        "exclude": ["a"],
        "product_ids": ["b", "c"],
    }
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
    assert from_strings(texts, HybridRequest) == from_json(fields, HybridRequest)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"filter": "{"}, "filter: not valid JSON"),
        ({"filter": ""}, "filter: not valid JSON"),
        ({"filter": "[" * 100_000}, "filter: not valid JSON"),
        ({"filter": "[1]"}, "filter: Expected `object`, got `array`"),
        ({"filter": "null"}, "filter: Expected `object`, got `null`"),
        ({"exclude": "a,b"}, "exclude: not valid JSON"),
        ({"exclude": '"a"'}, "exclude: Expected `array`, got `str`"),
        ({"exclude": "[1]"}, r"exclude\[0\]: Expected `str`, got `int`"),
        ({"exclude": json.dumps(["x"] * 101)}, "exclude: Expected `array` of length <= 100"),
        ({"limit": "null"}, "limit: null is no value here"),
        ({"limit": "ten"}, "limit: Expected `int | null`, got `str`"),
        ({"colour": "red"}, "colour: Object contains unknown field `colour`"),
    ],
)
def test_an_error_in_a_text_names_the_field(texts, message):
    with pytest.raises(Unprocessable, match=message.replace("|", r"\|")):
        from_strings(texts, PictureSearchRequest)


def test_an_html_form_may_send_empty_metadata():
    product = from_strings({"product_id": "a", "name": "A", "metadata": ""}, ProductRequest)
    assert product.metadata == {}


def test_a_form_has_no_vectors_and_json_no_box():
    with pytest.raises(Unprocessable, match="unknown field `vectors`"):
        from_strings({"query": "a", "vectors": "[[1.0]]"}, HybridRequest)
    with pytest.raises(Unprocessable, match="unknown field `box`"):
        from_json({"query": "a", "box": "0,0,1,1"}, HybridRequest)
    assert from_json({"vectors": [[1.0]]}, HybridRequest).vectors == ([1.0],)
    assert from_strings({"box": "0,0,1,1"}, HybridRequest).box == "0,0,1,1"


def test_the_document_describes_each_way_as_it_is_sent():
    form = msgspec.json.schema(spell_for_form(HybridRequest))["$defs"]["HybridForm"]["properties"]
    body = msgspec.json.schema(spell_for_json(HybridRequest))["$defs"]["HybridRequest"]
    assert body["properties"].keys() ^ form.keys() == {"vectors", "box"}
    assert form["exclude"]["type"] == "string"
    assert form["exclude"]["contentMediaType"] == "application/json"
    assert form["exclude"]["default"] == "[]"
    assert form["filter"]["contentSchema"] == {"$ref": "#/components/schemas/Filter"}
    assert spell_for_json(ListingRequest) is ListingRequest


def test_renamed_classes_keep_their_names_in_the_document():
    for definition, name in ((SearchResponse, "SearchAnswer"), (JobSourceResponse, "JobSource")):
        assert name in msgspec.json.schema(definition)["$defs"]
