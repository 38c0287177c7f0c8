"""Nearly identical pictures of several products, from the dropped file to the search response."""

import pytest

from functions.products import index_product_with_image
from functions.search import search_by_text
from tests.functions.conftest import as_form, as_json, body_of, call
from tests.pictures import picture


def drop(app, product_id, colour):
    app.images.write(f"{product_id}/a.png", picture(colour), content_type="")
    app.indexer.sync(f"{product_id}/a.png")


def find_duplicates():
    results = body_of(call(search_by_text, **as_json({"query": "thing"})))["results"]
    return {r["id"]: r["near_duplicates"] for r in results if "near_duplicates" in r}


@pytest.fixture
def shop(app):
    drop(app, "one", "red")
    drop(app, "two", "#dc1e1f")
    drop(app, "other", "blue")
    return app


def test_both_are_flagged_and_none_is_dropped(shop):
    assert find_duplicates() == {"one": ["two"], "two": ["one"]}
    assert shop.index.counts().images == 3


def test_a_third_one_joins_them(shop):
    files = [("image_file", "a.png", picture("#dc1f1e"))]
    call(index_product_with_image, **as_form({"product_id": "three", "name": "three"}, files))
    assert find_duplicates() == {
        "one": ["three", "two"],
        "two": ["one", "three"],
        "three": ["one", "two"],
    }


def test_what_is_replaced_or_deleted_is_flagged_no_longer(shop):
    drop(shop, "two", "green")
    assert find_duplicates() == {}
    drop(shop, "two", "red")
    assert find_duplicates() == {"one": ["two"], "two": ["one"]}
    shop.images.delete("one/a.png")
    shop.indexer.sync("one/a.png")
    assert find_duplicates() == {}


def test_pictures_of_one_product_are_no_duplicates(app):
    for name in ("a.png", "b.png"):
        app.images.write(f"one/{name}", picture("red"), content_type="")
        app.indexer.sync(f"one/{name}")
    assert find_duplicates() == {}
