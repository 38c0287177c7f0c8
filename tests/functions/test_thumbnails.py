"""GET images?size=: small and cached, and never of another picture, container or version."""

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


def get_thumbnail(blob, size="320", **headers):
    params = {"size": size} if size else {}
    route = {"path": blob}
    return call(get_image, method="GET", params=params, route_params=route, headers=headers)


def put_picture(app, blob="mug/a.png", colour="red", size=(900, 600), **kind):
    app.images.write(blob, picture(colour, size=size, **kind), content_type="")
    return app.indexer.sync(blob)


def open_image(response):
    assert (response.status_code, response.mimetype) == (200, "image/webp")
    return Image.open(io.BytesIO(response.get_body()))


def list_stored_names(app):
    return [info.name for info in app.thumbnails.store.list().items]


def find_colour(image):
    pixel = np.array(image.convert("RGB").getpixel((image.width // 2, image.height // 2)))
    return min(COLOURS, key=lambda name: np.abs(pixel - COLOURS[name]).sum())


def test_a_thumbnail_is_made_while_a_picture_is_indexed(app):
    put_picture(app)
    assert len(list_stored_names(app)) == 1
    without_maker = replace(app.thumbnails, make=None)  # what is served was made before
    app.pictures = replace(app.pictures, thumbnails=without_maker)
    image = open_image(get_thumbnail("mug/a.png"))
    assert (image.format, image.size) == ("WEBP", (320, 213))


def test_a_thumbnail_is_made_when_a_product_is_posted(app):
    files = [("image_file", "a.png", picture(size=(900, 600)))]
    call(index_product_with_image, **as_form({"product_id": "mug", "name": "Mug"}, files))
    assert len(list_stored_names(app)) == 1


@pytest.mark.parametrize("side", SIDES)
def test_other_sizes_are_made_on_request_and_stored(app, side):
    put_picture(app)
    first = get_thumbnail("mug/a.png", str(side))
    assert max(open_image(first).size) == side
    again = get_thumbnail("mug/a.png", str(side))
    assert again.get_body() == first.get_body()
    assert len(list_stored_names(app)) == (1 if side == 320 else 2)


def test_a_small_picture_is_not_blown_up(app):
    put_picture(app, size=(48, 32))
    assert open_image(get_thumbnail("mug/a.png")).size == (48, 32)


@pytest.mark.parametrize("size", ["1", "64", "321", "0", "-320", "320.5", "big", "1e3"])
def test_sizes_are_a_short_list(app, size):
    put_picture(app)
    assert_problem(get_thumbnail("mug/a.png", size), 422, says="size")
    assert len(list_stored_names(app)) == 1


def test_validators_and_cache_headers(app):
    put_picture(app)
    first = get_thumbnail("mug/a.png")
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, max-age=300"
    others = [get_thumbnail("mug/a.png", size).headers["etag"] for size in ("", "160")]
    assert len({etag, *others}) == 3
    revalidated = get_thumbnail("mug/a.png", **{"if-none-match": etag})
    assert (revalidated.status_code, revalidated.get_body()) == (304, b"")
    put_picture(app, colour="blue")
    assert get_thumbnail("mug/a.png", **{"if-none-match": etag}).status_code == 200


def test_a_changed_picture_is_never_shown_as_it_was(app):
    put_picture(app, colour="red")
    assert find_colour(open_image(get_thumbnail("mug/a.png"))) == "red"
    app.images.write("mug/a.png", picture("blue", size=(900, 600)), content_type="")
    assert find_colour(open_image(get_thumbnail("mug/a.png"))) == "blue"  # before its event
    app.indexer.sync("mug/a.png")
    assert find_colour(open_image(get_thumbnail("mug/a.png"))) == "blue"
    assert len(list_stored_names(app)) == 1


def test_a_deleted_picture_is_not_shown_and_leaves_nothing(app):
    put_picture(app)
    get_thumbnail("mug/a.png", "640")
    app.images.delete("mug/a.png")
    assert_problem(get_thumbnail("mug/a.png"), 404)  # before its event was handled
    app.indexer.sync("mug/a.png")
    assert list_stored_names(app) == []


def test_a_deleted_product_leaves_nothing(app):
    put_picture(app)
    put_picture(app, "mug/b.png")
    call(delete_product, method="DELETE", route_params={"product_id": "mug"})
    assert list_stored_names(app) == []


def test_a_picture_replaced_by_a_bad_one_leaves_nothing(app):
    put_picture(app)
    app.images.write("mug/a.png", b"broken", content_type="")
    app.indexer.sync("mug/a.png")
    assert list_stored_names(app) == []
    assert_problem(get_thumbnail("mug/a.png"), 404)


def test_a_thumbnail_made_while_its_picture_was_deleted_is_not_stored(app):
    put_picture(app)
    make = app.thumbnails.make

    def make_slowly(data, side):
        app.images.delete("mug/a.png")
        app.indexer.sync("mug/a.png")
        return make(data, side)

    app.pictures = replace(app.pictures, thumbnails=replace(app.thumbnails, make=make_slowly))
    assert get_thumbnail("mug/a.png", "640").status_code == 200  # it was there at that time
    assert list_stored_names(app) == []


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
    put_picture(app)
    app.failures.record("x", "x", "secret")
    response = get_thumbnail(path, size)
    assert response.status_code in (404, 422)
    assert response.mimetype == "application/problem+json"
    assert b"secret" not in response.get_body()
    assert len(list_stored_names(app)) == 1


def test_a_thumbnail_is_not_reached_by_its_own_name(app):
    put_picture(app)
    [name] = list_stored_names(app)
    for path in (name, f"thumbnails/{name}", f"../thumbnails/{name}"):
        assert get_thumbnail(path, "").status_code in (404, 422)


def test_indexing_does_not_fail_for_a_thumbnail(app):
    class Full(MemoryBlobStore):
        def write(self, name, data, *, content_type):
            raise Unavailable("no space left")

    app.thumbnails = replace(app.thumbnails, store=Full())
    del app.indexer
    assert put_picture(app) == "indexed"
    assert app.index.counts().images == 1
    assert app.failures.count() == 0
    assert open_image(get_thumbnail("mug/a.png")).size == (320, 213)


def test_a_picture_that_cannot_be_decoded_says_so(app):
    app.images.write("mug/a.png", picture()[:50], content_type="")
    assert_problem(get_thumbnail("mug/a.png"), 422, says="decoded")
