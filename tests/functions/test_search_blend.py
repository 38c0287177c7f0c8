"""search-hybrid and products/{id}/similar through their functions."""

import io
import json

import pytest
from PIL import Image

from functions.products import index_product, index_product_with_image
from functions.search import search_by_blend, similar_products
from tests.functions.conftest import as_form, as_json, assert_problem, body_of, call
from tests.pictures import picture

PRODUCTS = [
    ("red-dress", "red dress", "red"),
    ("green-dress", "green dress", "green"),
    ("green-mug", "green mug", "#1eb464"),
    ("blue-mug", "blue mug", "blue"),
]


@pytest.fixture
def shop(app):
    for product_id, name, colour in PRODUCTS:
        form = as_form(
            {"product_id": product_id, "name": name}, [make_image_file(colour, "image_file")]
        )
        assert call(index_product_with_image, **form).status_code == 200
    words_only = {"product_id": "gift-card", "name": "gift card", "metadata": {"price": 25}}
    assert call(index_product, **as_json(words_only)).status_code == 200
    return app


def make_image_file(colour, field="file"):
    return field, f"{colour}.png", picture(colour)


def read_ids(response):
    assert response.status_code == 200, response.get_body()
    return [result["id"] for result in body_of(response)["results"]]


def search_blend(**body):
    return call(search_by_blend, **as_json(body))


def search_blend_form(fields=None, colours=()):
    return call(search_by_blend, **as_form(fields, [make_image_file(colour) for colour in colours]))


def test_this_dress_but_green(shop):
    assert read_ids(search_blend(product_id="red-dress", query="green dress"))[0] == "green-dress"
    assert "green-dress" in read_ids(search_blend_form({"query": "green dress"}, ["red"]))[:2]


def test_a_query_product_is_not_among_the_results(shop):
    product_ids = read_ids(search_blend(product_ids=["red-dress"], negative_ids=["blue-mug"]))
    assert set(product_ids) == {"green-dress", "green-mug"}


def test_words_alone_are_a_search_too(shop):
    assert read_ids(search_blend(query="blue mug"))[0] == "blue-mug"


def test_what_is_unwanted_goes_to_the_end(shop):
    assert read_ids(search_blend(query="green", negative_query="mug"))[0] == "green-dress"
    assert read_ids(search_blend(query="mug", negative_ids=["blue-mug"]))[0] == "green-mug"


def test_several_pictures_and_products_are_averaged(shop):
    assert set(read_ids(search_blend_form({"limit": "2"}, ["green", "#1eb464"]))) == {
        "green-dress",
        "green-mug",
    }
    mixed = search_blend_form({"product_ids": '["green-dress"]', "limit": "1"}, ["#1eb464"])
    assert read_ids(mixed) == ["green-mug"]


def test_the_weight_decides_between_picture_and_words(shop):
    by_weight = {
        weight: read_ids(
            search_blend(product_id="red-dress", query="blue mug", image_weight=weight)
        )[0]
        for weight in (0, 1)
    }
    assert by_weight[0] == "blue-mug"
    assert by_weight[1] != "blue-mug"


def test_a_part_of_the_picture(shop):
    both = Image.new("RGB", (100, 50), (220, 30, 30))
    both.paste((30, 60, 210), (50, 0, 100, 50))
    stream = io.BytesIO()
    both.save(stream, "PNG")
    files = [("file", "both.png", stream.getvalue())]
    for box, expected in (("0,0,0.5,1", "red-dress"), ("0.5,0,0.5,1", "blue-mug")):
        response = call(search_by_blend, **as_form({"box": box, "limit": "1"}, files))
        assert read_ids(response) == [expected]


def test_vectors_take_part(shop):
    [vector] = shop.encoder.encode_texts(["blue"])
    response = search_blend(vectors=[vector.vector.tolist()], limit=1)
    assert read_ids(response) == ["blue-mug"]


def test_products_like_this_one(shop):
    response = call(
        similar_products, method="GET", route_params={"product_id": "green-dress"}, params={}
    )
    assert read_ids(response)[0] == "green-mug"
    assert "green-dress" not in read_ids(response)


def test_a_product_without_a_picture_is_compared_by_its_words(shop):
    response = call(similar_products, method="GET", route_params={"product_id": "gift-card"})
    assert "gift-card" not in read_ids(response)


def test_an_unknown_product_is_a_404(shop):
    response = call(similar_products, method="GET", route_params={"product_id": "none"})
    assert_problem(response, 404, says="none")
    assert_problem(search_blend(product_id="none"), 404, says="none")
    assert_problem(search_blend(query="x", negative_ids=["none"]), 404, says="none")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "nothing to look for"),
        ({"negative_query": "red"}, "nothing to look for"),
        ({"query": ""}, "query"),
        ({"query": "a", "image_weight": 2}, "image_weight"),
        ({"query": "a", "image_weight": "much"}, "image_weight"),
        ({"product_ids": "red-dress"}, "product_ids"),
        ({"product_ids": ["x"] * 17}, "product_ids"),
        ({"vectors": [[1, 2]]}, "numbers"),
        ({"vectors": [[0] * 32]}, "direction"),
        ({"vectors": [[1e308] * 32]}, "direction"),
        ({"query": "a", "diversity": -1}, "diversity"),
        ({"query": "a", "cutoff": "yes"}, "cutoff"),
        ({"query": "a", "sort": "name"}, "price"),
        ({"query": "a", "sort": "metadata.price; drop"}, "price"),
        ({"query": "a", "colour": "red"}, "colour"),
        ({"query": "?"}, "word"),
    ],
)
def test_bad_requests_say_what_is_wrong(shop, body, says):
    assert_problem(search_blend(**body), 422, says=says)


@pytest.mark.parametrize(
    "box", ["", "1", "0,0,0,1", "0,0,2,1", "-1,0,1,1", "nan,0,1,1", "0,0,inf,1", "a,b,c,d", "0,0,1"]
)
def test_a_bad_box_says_what_is_right(shop, box):
    assert_problem(search_blend_form({"box": box}, ["red"]), 422, says="0.25,0,0.5,1")


def test_a_box_is_for_one_picture(shop):
    assert_problem(search_blend_form({"box": "0,0,1,1"}, ["red", "blue"]), 422, says="one picture")


def test_bad_lists_in_forms_are_named(shop):
    for text in ("red-dress", "{}", "[1]", json.dumps(["x"] * 17)):
        assert_problem(search_blend_form({"product_ids": text}, ["red"]), 422, says="product_ids")


def test_opposites_cancel_out(shop):
    [vector] = shop.encoder.encode_texts(["blue"])
    numbers = vector.vector
    response = search_blend(vectors=[numbers.tolist(), (-numbers).tolist()])
    assert_problem(response, 422, says="cancel out")
