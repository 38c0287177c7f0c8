"""Bodies as the host passes them on: empty if chunked, none with a 304; types in any case."""

import pytest
from azure.functions.http import HttpResponseConverter

from functions.dashboard import dashboard, dashboard_file
from functions.http.arguments import FormBody, JsonBody
from functions.http.endpoints import contract_behind
from functions.openapi.examples import EXAMPLES
from functions.products import get_image, index_product, index_product_with_image
from functions.search import search_by_picture
from tests.functions.conftest import as_form, assert_problem, body_of, call
from tests.pictures import picture
from tests.registered_functions import registered_functions

FORM = {"product_id": "mug", "name": "Mug"}


def takes_a_body(contract):
    return any(isinstance(argument.source, JsonBody | FormBody) for argument in contract.arguments)


WITH_A_BODY = [
    pytest.param(function, id=function.get_function_name())
    for function in registered_functions()
    if (contract := contract_behind(function.get_user_function())) and takes_a_body(contract)
]


@pytest.mark.parametrize("function", WITH_A_BODY)
@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
def test_a_chunked_body_is_refused_for_want_of_a_length(app, function, content_type):
    """Azure's host passes on nothing of it, which is not the same as an empty body."""
    headers = {"transfer-encoding": "Chunked", "content-type": content_type, "x-user-id": "ada"}
    handler = function.get_user_function()
    response = call(
        handler, headers=headers, route_params=EXAMPLES.get(function.get_function_name())
    )
    assert_problem(response, 411, says="Content-Length")


def test_an_empty_body_is_still_called_empty(app):
    response = call(index_product, headers={"content-type": "application/json"})
    assert_problem(response, 400, says="empty")


def replace_content_type(request, content_type):
    before = request["headers"]["content-type"]
    media = before.partition(";")[0]
    request["headers"]["content-type"] = before.replace(media, content_type, 1)
    return request


@pytest.mark.parametrize("content_type", ["Multipart/Form-Data", "MULTIPART/FORM-DATA "])
def test_the_case_of_a_content_type_does_not_matter(app, content_type):
    form = as_form(FORM, [("image_file", "a.png", picture("red"))])
    response = call(index_product_with_image, **replace_content_type(form, content_type))
    assert response.status_code == 200, response.get_body()
    assert app.index.product("mug").text.name == "Mug"
    form = as_form({"limit": "1"}, [("file", "a.png", picture("red"))])
    response = call(search_by_picture, **replace_content_type(form, content_type))
    assert [result["id"] for result in body_of(response)["results"]] == ["mug"]


def test_the_case_of_a_plain_form_does_not_matter(app):
    headers = {"content-type": "Application/X-WWW-Form-Urlencoded; Charset=UTF-8"}
    response = call(index_product, headers=headers, body=b"product_id=mug&name=Mug")
    assert response.status_code == 200, response.get_body()


def test_a_304_has_no_content_type(app):
    """There is no content, so it has no type."""
    form = as_form(FORM, [("image_file", "a.png", picture("red"))])
    stored = body_of(call(index_product_with_image, **form))["images"][0]
    path = stored.partition("/images/")[2]
    for function, route_params in (
        (dashboard, {}),
        (dashboard_file, {"path": "icon.svg"}),
        (get_image, {"path": path}),
    ):
        first = call(function, method="GET", route_params=route_params)
        assert first.status_code == 200, route_params
        headers = {"if-none-match": first.headers["etag"]}
        revalidated = call(function, method="GET", route_params=route_params, headers=headers)
        assert revalidated.status_code == 304, route_params
        assert encode_content_type(first)
        assert encode_content_type(revalidated) == ""


def encode_content_type(response):
    """Returns the content type that the worker sends the host, which sets none if it is empty."""
    datum = HttpResponseConverter.encode(response, expected_type=None)
    return datum.value["headers"]["content-type"].value
