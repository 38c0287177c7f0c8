"""Steps of the reconcile's tests: change storage without an event, reconcile, count."""

import json
from dataclasses import replace

from functions.reconcile import reconcile
from tests.functions.conftest import body_of, call
from tests.pictures import picture


def put_silently(app, blob, data=None):
    """Writes a blob, and no event tells of it."""
    app.images.write(blob, picture() if data is None else data, content_type="")


def put_document(app, blob, name):
    put_silently(app, blob, json.dumps({"name": name}).encode())


def run_reconcile(**params):
    response = call(reconcile, params={k: str(v).lower() for k, v in params.items()})
    assert response.status_code == 200, response.get_body()
    return body_of(response)


def get_nonzero_counts(report):
    """Returns the counts of a report that are not 0."""
    keys = ("indexed", "removed", "failed", "known_failures", "failures_cleared", "errors")
    return {key: report[key] for key in keys if report[key]}


def assert_indexed(app, blob_names, product_ids):
    indexed = app.index.products(limit=100).items
    assert {product.text.product_id for product in indexed} == product_ids
    assert {image.blob for product in indexed for image in product.images} == blob_names
    assert app.index.counts().vectors == len(blob_names) + len(product_ids)


def use_small_pages(app, **also):
    """Makes pages of three blobs, so that few blobs make several; ``also`` replaces other parts."""
    app.reconcile = replace(app.reconcile, page_size=3, **also)
