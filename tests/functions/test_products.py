"""Products and their pictures through the functions."""

import json
from urllib.parse import unquote

import pytest

from functions.products import (
    delete_product,
    get_image,
    get_product,
    index_product,
    index_product_with_image,
    list_products,
)
from shared_code.domain.errors import Unprocessable
from tests.functions.conftest import as_form, as_json, assert_problem, body_of, call
from tests.pictures import bomb, picture

IDS = ["red dress", "été-2026", "製品 7", "50% off", "a#b?c&d=e+f", 'o\'neill "x"', "i" * 200]


FRONT = ("image_file", "front.png", picture())


def put(product_id="mug", name="Mug", files=(FRONT,), **fields):
    form = {"product_id": product_id, "name": name, **fields}
    return call(index_product_with_image, **as_form(form, list(files)))


def get(function, product_id):
    return call(function, method="GET", route_params={"product_id": product_id})


def test_a_product_by_its_words(app):
    response = call(index_product, **as_json({"product_id": "mug", "name": "Mug"}))
    assert body_of(response) == {
        "status": "indexed",
        "product_id": "mug",
        "message": "Mug can be found now.",
        "embedding_type": "text",
        "embedding_dimension": app.encoder.model.dimension,
    }
    assert json.loads(app.images.read("mug/product.json").data)["name"] == "Mug"


def test_a_form_does_as_well(app):
    form = {"product_id": "mug", "name": "Mug", "metadata": '{"price": 3}'}
    assert call(index_product, **as_form(form)).status_code == 200
    assert body_of(get(get_product, "mug"))["metadata"] == {"price": 3}


def test_no_picture_is_stored_under_a_name_that_azures_scan_cannot_note(app):
    with pytest.raises(Unprocessable, match="has 905 characters; at most 900 are allowed"):
        app.catalogue.store_picture("mug", picture(), stem="x" * 897)
    assert app.images.list().items == ()
    assert app.catalogue.store_picture("mug", picture(), stem="x" * 892).name.startswith("mug/x")


def test_a_product_with_pictures(app):
    files = [("image_file", "a.png", picture("red")), ("image_file", "b.jpg", picture("blue"))]
    body = body_of(put(files=files, metadata='{"price": 3}'))
    assert (body["embedding_type"], len(body["images"])) == ("image", 2)
    product = body_of(get(get_product, "mug"))
    assert product["images"] == sorted(body["images"])
    assert product["metadata"] == {"price": 3}


def test_the_same_picture_again_replaces_itself(app):
    for _ in range(3):
        put()
    assert len(body_of(get(get_product, "mug"))["images"]) == 1
    assert app.index.counts().images == 1


@pytest.mark.parametrize("product_id", IDS)
def test_ids_of_any_script_round_trip(app, product_id):
    assert put(product_id).status_code == 200
    product = body_of(get(get_product, product_id))
    assert product["id"] == product_id
    path = unquote(product["image_url"].removeprefix("/api/v1/images/"))
    assert call(get_image, method="GET", route_params={"path": path}).get_body() == picture()
    assert get(delete_product, product_id).status_code == 200
    assert_problem(get(get_product, product_id), 404, says="no product")


def test_deleting_removes_originals_and_points(app):
    put()
    put("mugs", "Other")
    assert body_of(get(delete_product, "mug")) == {
        "status": "deleted",
        "product_id": "mug",
        "images": 1,
    }
    assert [info.name.split("/")[0] for info in app.images.list().items] == ["mugs", "mugs"]
    assert app.index.counts().products == 1
    assert_problem(get(delete_product, "mug"), 404)


def test_listing_pages_through_all(app):
    for i in range(7):
        call(index_product, **as_json({"product_id": f"p{i}", "name": f"Product {i}"}))
    ids, cursor = [], None
    while True:
        params = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        body = body_of(call(list_products, method="GET", params=params))
        ids += [p["id"] for p in body["products"]]
        assert body["count"] == len(body["products"]) <= 3
        cursor = body["cursor"]
        if cursor is None:
            break
    assert sorted(ids) == [f"p{i}" for i in range(7)]


@pytest.mark.parametrize(
    "params", [{"limit": "0"}, {"limit": "x"}, {"cursor": "zzz"}, {"page": "2"}]
)
def test_bad_listings(app, params):
    assert_problem(call(list_products, method="GET", params=params), 422)


@pytest.mark.parametrize(
    ("product_id", "says"),
    [
        ("", "empty"),
        ("a/b", "slash"),
        ("a\\b", "slash"),
        ("i" * 201, "200"),
        ("..", "dot"),
        (".hidden", "dot"),
        ("end.", "dot"),
        (" a", "space"),
        ("a\n", "control"),
        ("a\u202eb", "control"),
    ],
)
def test_ids_that_no_url_could_carry(app, product_id, says):
    body = {"product_id": product_id, "name": "Mug"}
    assert_problem(call(index_product, **as_json(body)), 422, says=says)
    assert app.images.list().items == ()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 501}, "500"),
        ({"name": 5}, "name"),
        ({"description": "d" * 10_001}, "10000"),
        ({"metadata": [1]}, "metadata"),
        ({"metadata": "x"}, "metadata"),
        ({"metadata": {"x": "y" * 16_400}}, "16384"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_words(app, fields, says):
    body = {"product_id": "mug", "name": "Mug", **fields}
    assert_problem(call(index_product, **as_json(body)), 422, says=says)


@pytest.mark.parametrize("metadata", ["[]", "5", "{", "null", '{"a": 1e999}', '{"a": NaN}'])
def test_metadata_of_a_form_must_be_a_json_object(app, metadata):
    assert_problem(put(metadata=metadata), 422, says="metadata")


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 422), (b"text", 415), (bomb(), 422), (picture()[:60], 422)]
)
def test_one_bad_picture_and_nothing_is_stored(app, content, status):
    files = [("image_file", "a.png", picture()), ("image_file", "b.png", content)]
    assert_problem(put(files=files), status)
    assert app.images.list().items == ()
    assert app.index.counts().vectors == 0


def test_pictures_are_served_with_validators(app):
    put()
    url = body_of(get(get_product, "mug"))["image_url"]
    path = {"path": url.removeprefix("/api/v1/images/")}
    response = call(get_image, method="GET", route_params=path)
    assert (response.status_code, response.mimetype) == (200, "image/png")
    assert response.get_body() == picture()
    assert "max-age" in response.headers["cache-control"]
    revalidated = call(
        get_image,
        method="GET",
        route_params=path,
        headers={"if-none-match": response.headers["etag"]},
    )
    assert (revalidated.status_code, revalidated.get_body()) == (304, b"")


@pytest.mark.parametrize("path", ["mug/product.json", "mug", "nothing.png", "mug/"])
def test_nothing_but_pictures_is_served(app, path):
    put()
    assert_problem(call(get_image, method="GET", route_params={"path": path}), 404)


@pytest.mark.parametrize("path", ["../secret", "a/../../b", "/etc/passwd", "a\\b", "a\0b"])
def test_no_path_leads_out_of_the_container(app, path):
    response = call(get_image, method="GET", route_params={"path": path})
    assert response.status_code in (404, 422)
