"""Requests of hostile or merely unlucky callers; each of them was a hole once."""

import json
import time
from dataclasses import replace

import pytest
from azure.functions.blob import InputStream

from functions.blob_events import blob_changed
from functions.embed import embed_image
from functions.failures import list_failures
from functions.products import (
    delete_product,
    get_image,
    get_product,
    index_product,
    index_product_with_image,
)
from functions.search import search_by_picture, search_by_text
from shared_code.domain.documents import MAX_DOCUMENT_BYTES, MAX_METADATA_DEPTH
from shared_code.domain.naming import derive_name
from shared_code.indexing.words import ProductTextReader
from tests.functions.conftest import as_form, as_json, assert_problem, body_of, call
from tests.pictures import picture


def make_nested_lists(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return {"a": value}


def put(**fields):
    return call(index_product, **as_json({"product_id": "a", "name": "A", **fields}))


def drop(app, blob, data):
    app.images.write(blob, data, content_type="")
    blob_changed(InputStream(data=data, name=f"images/{blob}"))


def test_metadata_may_be_nested_only_so_deep(app):
    assert put(metadata=make_nested_lists(MAX_METADATA_DEPTH - 1)).status_code == 200
    for levels in (MAX_METADATA_DEPTH, 126, 900):
        assert_problem(put(metadata=make_nested_lists(levels)), 422, says="nested")


@pytest.mark.parametrize("number", [2**63, -(2**63), 10**400])
def test_integers_beyond_64_bits_are_refused(app, number):
    assert put(metadata={"n": 2**63 - 1}).status_code == 200
    # the JSON parser itself may refuse the largest
    assert put(metadata={"n": number}).status_code in (400, 422)
    for price in (number, {"lt": number}):
        request = as_json({"query": "a", "filter": {"price": price}})
        assert call(search_by_text, **request).status_code in (400, 422)


@pytest.mark.parametrize("name", ["1" * 1000 + "x.jpg", "a" * 900 + "!.jpg", "1 " * 400 + "x.jpg"])
def test_a_long_name_takes_no_time(name):
    started = time.process_time()
    assert derive_name(name)
    assert time.process_time() - started < 1  # it was exponential: this is a hang, not a speed


def test_a_filter_list_is_bounded(app):
    request = as_json({"query": "a", "filter": {"price": [1] * 101}})
    assert_problem(call(search_by_text, **request), 422, says="100 values")


@pytest.mark.parametrize("product_id", ["mug.jpg", "mug.jpg.json"])
def test_a_blobs_name_is_not_a_product(app, product_id):
    drop(app, "mug.jpg", picture(kind="JPEG"))
    drop(app, "mug.jpg.json", b'{"name": "Mug"}')
    response = call(delete_product, method="DELETE", route_params={"product_id": product_id})
    assert_problem(response, 404)
    assert app.index.product("mug").text.name == "Mug"


@pytest.mark.parametrize(
    "document",
    [
        b'{"name": "\\ud800"}',
        b'{"description": "\\udfff"}',
        b'{"metadata": {"a": "\\ud800"}}',
        b"[" * 5_000,
        b'{"metadata": ' + b'{"a":' * 3_000 + b"1" + b"}" * 3_000 + b"}",
        b'{"metadata": {"n": ' + b"9" * 400 + b"}}",
        b'{"name": "' + b"n" * (MAX_DOCUMENT_BYTES + 1) + b'"}',
        b"\xff\xfe\x00",
    ],
)
@pytest.mark.parametrize("blob", ["mug/product.json", "mug/a.png.json"])
def test_a_weird_document_is_recorded_and_blocks_no_picture(app, document, blob):
    drop(app, blob, document)
    drop(app, "mug/a.png", picture())
    assert app.failures.count() == 1
    assert app.index.product("mug").text.name == "Mug"


def test_weird_blob_metadata_blocks_no_picture(app):
    metadata = {"metadata": "[" * 4_000, "name": "%FF%00"}
    app.images.write("mug.png", picture(), metadata=metadata)
    blob_changed(InputStream(data=b"", name="images/mug.png"))
    assert app.index.counts().images == 1


@pytest.mark.parametrize("blob", ["/x.png", ".json", "/.json"])
def test_a_blob_of_no_product_is_recorded(app, blob):
    blob_changed(InputStream(data=b"", name=f"images/{blob}"))
    [failure] = app.failures.page(limit=5).items
    assert "names no product" in failure.reason


def test_an_upper_case_sidecar_counts(app):
    drop(app, "mug/a.png", picture())
    drop(app, "mug/a.png.JSON", b'{"name": "Shouted"}')
    assert app.index.product("mug").text.name == "Shouted"


def test_pages_of_auto_are_cut_from_one_ranking(app):
    for i in range(60):
        files = [("image_file", "a.png", picture(["red", "green", "blue"][i % 3], size=(9 + i, 9)))]
        words = {"product_id": f"p{i}", "name": f"thing {i} {'red' if i % 7 else 'blue'}"}
        call(index_product_with_image, **as_form(words, files))

    def search_ids(**options):
        request = as_json({"query": "red thing", "mode": "auto", **options})
        return [r["id"] for r in body_of(call(search_by_text, **request))["results"]]

    whole = search_ids(limit=60)
    paged = [
        product_id
        for offset in range(0, 60, 7)
        for product_id in search_ids(limit=7, offset=offset)
    ]
    assert paged == whole
    assert len(set(paged)) == 60


def test_a_page_beyond_the_ranking_has_a_warning(app):
    request = as_json({"query": "red", "limit": 10, "offset": 95})
    assert "best 100" in body_of(call(search_by_text, **request))["warnings"][0]


def test_a_clock_that_ran_ahead_does_not_freeze_the_words(app):
    reader = app.words
    ahead = ProductTextReader(app.images, now_us=lambda: reader.now_us() + 3_600_000_000)
    app.images.write("mug/product.json", b'{"name": "Old"}', content_type="")
    replace(app.indexer, texts=replace(app.texts, words=ahead)).sync("mug/product.json")
    drop(app, "mug/product.json", b'{"name": "New"}')
    assert app.index.product("mug").text.name == "New"


@pytest.mark.parametrize("route_params", [{}, {"path": ""}])
def test_the_images_route_without_a_path(app, route_params):
    assert_problem(call(get_image, method="GET", route_params=route_params), 404)


def test_an_option_that_images_do_not_have_is_refused(app):
    request = {"method": "GET", "route_params": {"path": "a/b.png"}, "params": {"size": "64"}}
    assert_problem(call(get_image, **request), 422, says="size")


def test_a_huge_blob_is_not_read_to_be_served(app):
    app.images.write("mug/huge.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 2_000_001, content_type="")
    request = {"method": "GET", "route_params": {"path": "mug/huge.png"}}
    assert_problem(call(get_image, **request), 404)


def test_files_are_bounded_in_number_too(app):
    files = [("file", f"{i}.png", picture(size=(2, 2))) for i in range(65)]
    assert_problem(call(embed_image, **as_form(files=files)), 422, says="64")


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; BOUNDARY=a-boundary",
        'multipart/form-data; boundary="a-boundary"',
        "multipart/form-data; xboundary=zz; boundary=a-boundary",
    ],
)
def test_boundaries_as_clients_write_them(app, content_type):
    request = as_form(files=[("file", "q.png", picture())])
    request["headers"] = {"content-type": content_type}
    assert call(search_by_picture, **request).status_code == 200


def test_a_form_field_sent_twice_is_refused(app):
    request = as_form({"limit": "1"}, [("file", "q.png", picture())])
    head, tail = request["body"].split(b"\r\n", 1)
    request["body"] = (
        head
        + b'\r\nContent-Disposition: form-data; name="limit"\r\n\r\n5\r\n'
        + head
        + b"\r\n"
        + tail
    )
    assert_problem(call(search_by_picture, **request), 422, says="twice")


def test_json_under_curls_default_content_type(app):
    request = as_json({"product_id": "a", "name": "A"})
    request["headers"] = {"content-type": "application/x-www-form-urlencoded"}
    assert call(index_product, **request).status_code == 200
    assert call(get_product, method="GET", route_params={"product_id": "a"}).status_code == 200


def test_a_problem_quotes_little(app):
    request = as_json({"query": "a", "filter": {"x" * 500_000: 1}})
    response = call(search_by_text, **request)
    assert_problem(response, 422)
    assert len(response.get_body()) < 5_000


def test_a_record_that_is_no_failure_does_not_hide_the_others(app):
    app.failures.store.write("alien.json", b"[]", content_type="")
    app.images.write("mug/a.png", b"bad", content_type="")
    blob_changed(InputStream(data=b"", name="images/mug/a.png"))
    assert body_of(call(list_failures, method="GET"))["count"] == 2


def test_every_response_has_its_total_time(app):
    for request in (as_json(b"{"), as_json({"query": "a"})):
        assert "total;dur=" in call(search_by_text, **request).headers["server-timing"]


def test_ids_are_measured_in_bytes(app):
    assert put(product_id="製" * 66).status_code == 200
    assert_problem(put(product_id="製" * 67), 422, says="201 bytes")
    assert json.loads(app.images.read("製" * 66 + "/product.json").data)["name"] == "A"


def test_the_largest_product_can_be_read_back(app):
    """The largest product that is allowed: its document can be read as well."""
    inner = [1] * 5_445
    for _ in range(MAX_METADATA_DEPTH - 2):
        inner = [inner]
    words = {"name": "\x01" * 500, "description": "\x01" * 10_000, "metadata": {"a": inner}}
    assert put(**words).status_code == 200
    product = body_of(call(get_product, method="GET", route_params={"product_id": "a"}))
    assert {field: product[field] for field in words} == words
    blob_changed(InputStream(data=b"", name="images/a/product.json"))
    assert app.failures.count() == 0
