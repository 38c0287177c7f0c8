"""What tests of the reconcile do: change storage behind its back, run it, and count."""

import json
from dataclasses import replace

from functions.reconcile import reconcile
from tests.functions.conftest import body_of, call
from tests.pictures import picture


def put(app, blob, data=None):
    """Without an event."""
    app.images.write(blob, picture() if data is None else data, content_type="")


def say(app, blob, name):
    put(app, blob, json.dumps({"name": name}).encode())


def run(**params):
    response = call(reconcile, params={k: str(v).lower() for k, v in params.items()})
    assert response.status_code == 200, response.get_body()
    return body_of(response)


def counted(report):
    """What was done, without what is nought."""
    keys = ("indexed", "removed", "failed", "known_failures", "failures_cleared", "errors")
    return {key: report[key] for key in keys if report[key]}


def assert_all_is_found(app, pictures, products):
    found = app.index.products(limit=100).items
    assert {product.text.product_id for product in found} == products
    assert {image.blob for product in found for image in product.images} == pictures
    assert app.index.counts().vectors == len(pictures) + len(products)


def small_pages(app, **also):
    """So that few blobs make several; ``also``: other parts of the reconcile."""
    app.reconcile = replace(app.reconcile, page_size=3, **also)
