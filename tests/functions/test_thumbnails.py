"""GET images?size=: small, cached, never of another picture, container or state."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from functions.products import delete_product, get_image, index_product_with_image
from shared_code.domain.errors import Unavailable
from shared_code.pictures.thumbnails import SIDES
from tests.functions.conftest import as_form, assert_problem, call
from tests.pictures import COLOURS, picture
from tests.twins.blobs import MemoryBlobStore


def show(blob, size="320", **headers):
    params = {"size": size} if size else {}
    route = {"path": blob}
    return call(get_image, method="GET", params=params, route_params=route, headers=headers)


def put(app, blob="mug/a.png", colour="red", size=(900, 600), **kind):
    app.images.write(blob, picture(colour, size=size, **kind), content_type="")
    return app.indexer.sync(blob)


def opened(response):
    assert (response.status_code, response.mimetype) == (200, "image/webp")
    return Image.open(io.BytesIO(response.get_body()))


def kept(app):
    return [info.name for info in app.thumbnails.store.list().items]


def colour_of(image):
    pixel = np.array(image.convert("RGB").getpixel((image.width // 2, image.height // 2)))
    return min(COLOURS, key=lambda name: np.abs(pixel - COLOURS[name]).sum())


def test_one_is_made_while_a_picture_is_indexed(app):
    put(app)
    assert len(kept(app)) == 1
    never = replace(app.thumbnails, make=None)  # what is served was made before
    app.pictures = replace(app.pictures, thumbnails=never)
    image = opened(show("mug/a.png"))
    assert (image.format, image.size) == ("WEBP", (320, 213))


def test_one_is_made_when_a_product_is_put_in_by_hand(app):
    files = [("image_file", "a.png", picture(size=(900, 600)))]
    call(index_product_with_image, **as_form({"product_id": "mug", "name": "Mug"}, files))
    assert len(kept(app)) == 1


@pytest.mark.parametrize("side", SIDES)
def test_other_sizes_are_made_when_asked_for_and_kept(app, side):
    put(app)
    first = show("mug/a.png", str(side))
    assert max(opened(first).size) == side
    again = show("mug/a.png", str(side))
    assert again.get_body() == first.get_body()
    assert len(kept(app)) == (1 if side == 320 else 2)


def test_a_small_picture_is_not_blown_up(app):
    put(app, size=(48, 32))
    assert opened(show("mug/a.png")).size == (48, 32)


@pytest.mark.parametrize("size", ["1", "64", "321", "0", "-320", "320.5", "big", "1e3"])
def test_sizes_are_a_short_list(app, size):
    put(app)
    assert_problem(show("mug/a.png", size), 422, says="size")
    assert len(kept(app)) == 1


def test_validators_and_cache_headers(app):
    put(app)
    first = show("mug/a.png")
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, max-age=300"
    assert etag != show("mug/a.png", "").headers["etag"] != show("mug/a.png", "160").headers["etag"]
    again = show("mug/a.png", **{"if-none-match": etag})
    assert (again.status_code, again.get_body()) == (304, b"")
    put(app, colour="blue")
    assert show("mug/a.png", **{"if-none-match": etag}).status_code == 200


def test_a_changed_picture_is_never_shown_as_it_was(app):
    put(app, colour="red")
    assert colour_of(opened(show("mug/a.png"))) == "red"
    app.images.write("mug/a.png", picture("blue", size=(900, 600)), content_type="")
    assert colour_of(opened(show("mug/a.png"))) == "blue"  # before its event was handled
    app.indexer.sync("mug/a.png")
    assert colour_of(opened(show("mug/a.png"))) == "blue"
    assert len(kept(app)) == 1


def test_a_deleted_picture_is_not_shown_and_leaves_nothing(app):
    put(app)
    show("mug/a.png", "640")
    app.images.delete("mug/a.png")
    assert_problem(show("mug/a.png"), 404)  # before its event was handled
    app.indexer.sync("mug/a.png")
    assert kept(app) == []


def test_a_deleted_product_leaves_nothing(app):
    put(app)
    put(app, "mug/b.png")
    call(delete_product, method="DELETE", route_params={"product_id": "mug"})
    assert kept(app) == []


def test_a_picture_replaced_by_a_bad_one_leaves_nothing(app):
    put(app)
    app.images.write("mug/a.png", b"broken", content_type="")
    app.indexer.sync("mug/a.png")
    assert kept(app) == []
    assert_problem(show("mug/a.png"), 404)


def test_one_made_while_its_picture_was_deleted_is_not_kept(app):
    put(app)
    make = app.thumbnails.make

    def slowly(data, side):
        app.images.delete("mug/a.png")
        app.indexer.sync("mug/a.png")
        return make(data, side)

    app.pictures = replace(app.pictures, thumbnails=replace(app.thumbnails, make=slowly))
    assert show("mug/a.png", "640").status_code == 200  # it was there when it was asked for
    assert kept(app) == []


@pytest.mark.parametrize("size", ["", "320"])
@pytest.mark.parametrize(
    "path",
    [
        "mug/product.json",
        "mug/a.txt",
        "mug",
        "",
        "nothing/here.png",
        "../thumbnails/x.webp",
        "mug/../../index-failures/x.json",
        "https://example.com/a.png",
        "http%3A%2F%2Fexample.com/a.png",
        "/etc/passwd",
        "mug/a.png?size=1",
    ],
)
def test_nothing_but_pictures_of_the_container(app, path, size):
    app.images.write("mug/product.json", b'{"name": "Mug"}', content_type="")
    app.images.write("mug/a.txt", b"secret", content_type="")
    put(app)
    app.failures.record("x", "x", "secret")
    answer = show(path, size)
    assert answer.status_code in (404, 422)
    assert answer.mimetype == "application/problem+json"
    assert b"secret" not in answer.get_body()
    assert len(kept(app)) == 1


def test_a_thumbnail_is_not_reached_by_its_own_name(app):
    put(app)
    [name] = kept(app)
    for path in (name, f"thumbnails/{name}", f"../thumbnails/{name}"):
        assert show(path, "").status_code in (404, 422)


def test_indexing_does_not_fail_for_a_thumbnail(app):
    class Full(MemoryBlobStore):
        def write(self, name, data, *, content_type):
            raise Unavailable("no space left")

    app.thumbnails = replace(app.thumbnails, store=Full())
    del app.indexer
    assert put(app) == "indexed"
    assert app.index.counts().images == 1
    assert app.failures.count() == 0
    assert opened(show("mug/a.png")).size == (320, 213)


def test_a_picture_that_cannot_be_decoded_says_so(app):
    app.images.write("mug/a.png", picture()[:50], content_type="")
    assert_problem(show("mug/a.png"), 422, says="decoded")
