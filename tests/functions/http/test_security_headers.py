"""The security headers of every response."""

import pytest

from functions.docs import docs
from functions.health import health
from functions.http.responses import SECURITY_HEADERS
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


RESPONSES = {
    "an answer": lambda: call(health, method="GET"),
    "a problem": lambda: call(get_product, method="GET", route_params={"product_id": "none"}),
    "of one user": lambda: call(get_preferences, method="GET", headers={"x-user-id": "ada"}),
    "a page": lambda: call(docs, method="GET"),
    "a picture": lambda: call(get_image, method="GET", route_params={"path": find_image_path()}),
}


def find_image_path():
    return next(b.name for b in current_app().images.list().items if b.name.endswith(".png"))


@pytest.mark.parametrize("kind", RESPONSES)
def test_every_response_has_the_security_headers(shop, kind):
    headers = RESPONSES[kind]().headers
    assert {name for name in SECURITY_HEADERS if name not in headers} == set()
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("kind", ["an answer", "a problem", "of one user"])
def test_no_response_but_files_may_be_stored(shop, kind):
    assert RESPONSES[kind]().headers["cache-control"] == "no-store"


def test_a_picture_keeps_its_own_caching(shop):
    assert "max-age" in RESPONSES["a picture"]().headers["cache-control"]


def test_a_page_keeps_its_own_policy(shop):
    assert "style-src" in RESPONSES["a page"]().headers["content-security-policy"]
