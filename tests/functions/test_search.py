"""Search through its functions."""

import pytest

from functions.products import index_product, index_product_with_image
from functions.search import search_by_picture, search_by_text
from tests.functions.conftest import as_form, as_json, assert_problem, body_of, call
from tests.pictures import bomb, picture

PRODUCTS = [
    ("red-dress", "red dress", "red", {"category": "dresses", "price": 49.9, "in_stock": True}),
    ("green-dress", "green dress", "green", {"category": "dresses", "price": 80}),
    ("blue-mug", "blue mug", "blue", {"category": "kitchen", "price": 12, "in_stock": False}),
]


@pytest.fixture
def shop(app):
    for product_id, name, colour, metadata in PRODUCTS:
        fields = {"product_id": product_id, "name": name, "metadata": dump_json(metadata)}
        files = [("image_file", "front.png", picture(colour))]
        assert call(index_product_with_image, **as_form(fields, files)).status_code == 200
    return app


def dump_json(content):
    return as_json(content)["body"].decode()


def read_ids(response):
    assert response.status_code == 200, response.get_body()
    return [result["id"] for result in body_of(response)["results"]]


@pytest.mark.parametrize("mode", ["auto", "text"])
def test_words_find_their_product_first(shop, mode):
    response = call(search_by_text, **as_json({"query": "green dress", "mode": mode}))
    assert read_ids(response)[0] == "green-dress"
    body = body_of(response)
    assert (body["query"], body["mode"], body["count"]) == ("green dress", mode, 3)


def test_a_result_has_the_fields_of_the_contract(shop):
    result = body_of(call(search_by_text, **as_json({"query": "red dress"})))["results"][0]
    assert set(result) == {
        *("id", "name", "description", "score", "scores"),
        *("image_url", "images", "metadata"),
    }
    assert result["image_url"].startswith("/api/v1/images/red-dress/")
    assert result["metadata"] == PRODUCTS[0][3]
    assert set(result["scores"]) == {"image", "text", "lexical"}


def test_a_picture_finds_its_product_first(shop):
    files = [("file", "query.png", picture("blue"))]
    response = call(search_by_picture, **as_form(files=files), params={"limit": "1"})
    assert read_ids(response) == ["blue-mug"]
    body = body_of(response)
    assert body["query_image"] == "query.png"
    assert body["embedding_dimension"] == shop.encoder.model.dimension


def test_options_may_come_as_form_fields(shop):
    request = as_form(
        {"limit": "2", "filter": '{"category": "dresses"}'},
        [("file", "query.png", picture("blue"))],
    )
    assert sorted(read_ids(call(search_by_picture, **request))) == ["green-dress", "red-dress"]


def test_a_product_appears_once_however_many_pictures(shop):
    files = [("image_file", f"{i}.png", picture("red", size=(20 + i, 20))) for i in range(30)]
    call(
        index_product_with_image, **as_form({"product_id": "red-dress", "name": "red dress"}, files)
    )
    response = call(search_by_text, **as_json({"query": "red", "mode": "image", "limit": 3}))
    assert sorted(read_ids(response)) == ["blue-mug", "green-dress", "red-dress"]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"category": "dresses"}, {"red-dress", "green-dress"}),
        ({"price": {"lt": 50}}, {"red-dress", "blue-mug"}),
        ({"price": 12}, {"blue-mug"}),
        ({"category": ["kitchen", "garden"]}, {"blue-mug"}),
        ({"in_stock": False}, {"blue-mug"}),
        ({"category": "dresses", "not": {"price": {"gte": 60}}}, {"red-dress"}),
    ],
)
def test_filters(shop, filter_, expected):
    for mode in ("auto", "text", "image"):
        body = {"query": "thing", "filter": filter_, "mode": mode}
        assert set(read_ids(call(search_by_text, **as_json(body)))) == expected


def test_paging_walks_through_all_and_ends(shop):
    pages = [
        read_ids(call(search_by_text, **as_json({"query": "dress", "limit": 1, "offset": offset})))
        for offset in range(4)
    ]
    assert sorted(product_id for page in pages for product_id in page) == [
        "blue-mug",
        "green-dress",
        "red-dress",
    ]
    assert pages[3] == []


def test_a_threshold_removes_what_is_no_match(shop):
    body = {"query": "green dress", "mode": "text", "score_threshold": 0.9}
    assert read_ids(call(search_by_text, **as_json(body))) == ["green-dress"]


def test_an_empty_index_answers_with_nothing(app):
    assert read_ids(call(search_by_text, **as_json({"query": "anything"}))) == []


def test_new_words_replace_the_old_ones_everywhere(shop):
    renamed = {"product_id": "red-dress", "name": "scarlet gown", "metadata": {"price": 5}}
    assert call(index_product, **as_json(renamed)).status_code == 200
    by_words = call(search_by_text, **as_json({"query": "scarlet gown", "mode": "text"}))
    by_looks = call(search_by_picture, **as_form(files=[("file", "q.png", picture("red"))]))
    for response in (by_words, by_looks):
        first = body_of(response)["results"][0]
        assert (first["id"], first["name"]) == ("red-dress", "scarlet gown")
        assert first["metadata"] == {"price": 5}


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "empty"),
        (b"{", 400, "not valid JSON"),
        (b"\xff\xfe", 400, "not valid JSON"),
        (b"[" * 100_000, 400, "not valid JSON"),
        (b"[]", 422, "object"),
        ({}, 422, "query"),
        ({"query": 5}, 422, "query"),
        ({"query": ""}, 422, "query"),
        ({"query": "   "}, 422, "word"),
        ({"query": "x" * 10_001}, 422, "10000"),
        ({"query": "a", "limit": 0}, 422, "limit"),
        ({"query": "a", "limit": 101}, 422, "limit"),
        ({"query": "a", "limit": "ten"}, 422, "limit"),
        ({"query": "a", "limit": 1.5}, 422, "limit"),
        ({"query": "a", "offset": -1}, 422, "offset"),
        ({"query": "a", "mode": "magic"}, 422, "mode"),
        ({"query": "a", "limt": 3}, 422, "limt"),
        ({"query": "a", "score_threshold": 2}, 422, "score_threshold"),
        ({"query": "a", "filter": []}, 422, "filter"),
        ({"query": "a", "filter": {"colr": "red"}}, 422, "filterable fields are"),
        ({"query": "a", "filter": {"price": "cheap"}}, 422, "number"),
        ({"query": "a", "filter": {"price": {"lte": "x"}}}, 422, "must be a number"),
        ({"query": "a", "filter": {"price": {"below": 1}}}, 422, "gte"),
        ({"query": "a", "filter": {"price": {}}}, 422, "range"),
        ({"query": "a", "filter": {"category": {"gt": 1}}}, 422, "ranges"),
        ({"query": "a", "filter": {"category": []}}, 422, "empty list"),
        ({"query": "a", "filter": {"in_stock": 1}}, 422, "true or false"),
        ({"query": "a", "filter": {"not": "red"}}, 422, "filter.not: must be an object"),
    ],
)
def test_bad_searches(shop, body, status, says):
    assert_problem(call(search_by_text, **as_json(body)), status, says=says)
    assert read_ids(call(search_by_text, **as_json({"query": "red dress"})))[0] == "red-dress"


def test_a_filter_nested_too_deep_is_refused(app):
    nested = {"price": 1}
    for _ in range(20):
        nested = {"not": nested}
    assert_problem(
        call(search_by_text, **as_json({"query": "a", "filter": nested})), 422, says="nested"
    )


GOOD = [("file", "q.png", picture())]


@pytest.mark.parametrize(
    ("request_parts", "status", "says"),
    [
        (as_json({"file": "x"}), 400, "multipart"),
        (as_form(files=[]), 422, "no file"),
        (as_form(files=GOOD * 2), 422, "not 2"),
        (as_form(files=[("picture", "q.png", picture())]), 422, "send files as"),
        (as_form(files=[("file", "q.png", b"")]), 422, "empty"),
        (as_form(files=[("file", "q.png", b"no picture at all")]), 415, "JPEG"),
        (as_form(files=[("file", "q.png", picture(size=(300, 300))[:120])]), 422, ""),
        (as_form(files=[("file", "q.jpg", picture(size=(300, 300), kind="JPEG")[:400])]), 422, ""),
        (as_form(files=[("file", "q.png", bomb())]), 422, "pixels"),
        (as_form(files=GOOD, boundary="another"), 400, "boundary"),
        (
            {**as_form(files=GOOD), "headers": {"content-type": "multipart/form-data"}},
            400,
            "boundary",
        ),
        ({**as_form(files=GOOD), "body": as_form(files=GOOD)["body"][:-30]}, 400, "cut short"),
        ({**as_form(files=GOOD), "body": b""}, 400, "cut short"),
        ({**as_form(files=GOOD), "params": {"limit": "many"}}, 422, "limit"),
        ({**as_form(files=GOOD), "params": {"limt": "3"}}, 422, "limt"),
        ({**as_form({"limit": "3"}, GOOD), "params": {"limit": "3"}}, 422, "twice"),
        ({**as_form(files=GOOD), "params": {"filter": "{"}}, 422, "filter"),
        (as_form(files=[("file", "q.png", b"\0" * 2_100_000)]), 413, "MAX_UPLOAD_MB"),
    ],
)
def test_bad_picture_searches(shop, request_parts, status, says):
    assert_problem(call(search_by_picture, **request_parts), status, says=says)
    assert read_ids(call(search_by_picture, **as_form(files=GOOD)))[0] == "red-dress"


def test_azures_own_query_parameters_are_left_alone(shop):
    request = {**as_form(files=GOOD), "params": {"code": "a-function-key"}}
    assert read_ids(call(search_by_picture, **request))[0] == "red-dress"
