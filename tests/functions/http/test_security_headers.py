"""What a browser is told with every answer."""

import pytest

from functions.docs import docs
from functions.http.responses import SECURITY_HEADERS
from functions.ops import health
from functions.products import get_image, get_product, index_product_with_image
from functions.users import get_preferences
from shared_code.app import current_app
from tests.functions.conftest import as_form, call
from tests.pictures import picture


@pytest.fixture
def shop(app):
    form = as_form({"product_id": "p", "name": "P"}, [("image_file", "a.png", picture("red"))])
    call(index_product_with_image, **form)
    return app


ANSWERS = {
    "an answer": lambda: call(health, method="GET"),
    "a problem": lambda: call(get_product, method="GET", route_params={"product_id": "none"}),
    "of one user": lambda: call(get_preferences, method="GET", headers={"x-user-id": "ada"}),
    "a page": lambda: call(docs, method="GET"),
    "a picture": lambda: call(get_image, method="GET", route_params={"path": image_path()}),
}


def image_path():
    return next(b.name for b in current_app().images.list().items if b.name.endswith(".png"))


@pytest.mark.parametrize("what", ANSWERS)
def test_every_answer_carries_them(shop, what):
    headers = ANSWERS[what]().headers
    assert {name for name in SECURITY_HEADERS if name not in headers} == set()
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("what", ["an answer", "a problem", "of one user"])
def test_nobody_keeps_a_copy_of_an_answer(shop, what):
    assert ANSWERS[what]().headers["cache-control"] == "no-store"


def test_a_picture_keeps_its_own_caching(shop):
    assert "max-age" in ANSWERS["a picture"]().headers["cache-control"]


def test_a_page_keeps_its_own_policy(shop):
    assert "style-src" in ANSWERS["a page"]().headers["content-security-policy"]
