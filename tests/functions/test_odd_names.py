"""Odd blob names are indexed, served and deleted like any others, on every store there is."""

import uuid
from urllib.parse import quote, unquote

import pytest
from azure.functions.blob import InputStream

from functions.blob_events import blob_changed, blob_events
from functions.products import get_image, get_product
from shared_code.adapters.storage.azure.blobs import AzureBlobStore
from shared_code.adapters.storage.folder.blobs import FolderBlobStore
from shared_code.domain.naming import BlobRole
from tests.functions.conftest import body_of, call
from tests.functions.storage_events import ACCOUNT, event
from tests.pictures import picture

LONG = "/".join(["p" * 200, *["d" * 100] * 6, "x" * 189 + ".jpg"])
ODD = [
    "p 1/front view.jpg",
    "größe 42/日本語 👗.png",
    "mug/a%2Fb.jpg",
    "100%/100%.jpg",
    "mug/what?.jpg",
    "mug/a#b.jpg",
    "mug/a+b&c=d;e,f'g(h)[i]{j}~!@$^.jpg",
    "mug/SHOUTING.JPEG",
    "MUG.PNG",
    "no-extension",
    "mug/no-extension",
    "mug/liar.txt",
    "mug/e\u0301.jpg",  # a letter and its accent apart
    "deep/" + "deeper/" * 20 + "a.jpg",
    LONG,
]
assert len(LONG) == 1000


@pytest.fixture(
    params=["memory", "folder", pytest.param("azure", marks=pytest.mark.real("azurite"))]
)
def any_app(app, request, tmp_path):
    if request.param == "folder":
        app.adapters.images = FolderBlobStore(tmp_path, "images")
    if request.param == "azure":
        connection = request.getfixturevalue("azurite").connection_string
        name = f"odd-{uuid.uuid4()}"
        app.adapters.images = AzureBlobStore.from_connection_string(connection, name)
    return app


@pytest.mark.parametrize("blob", ODD)
def test_an_odd_name_is_a_name_like_any_other(any_app, blob):
    data = picture(kind="JPEG")
    any_app.images.write(blob, data, content_type="application/octet-stream")
    blob_changed(InputStream(data=data, name=f"images/{blob}", length=len(data)))
    assert any_app.failures.count() == 0

    product_id = BlobRole.of(blob).product_id
    product = body_of(call(get_product, method="GET", route_params={"product_id": product_id}))
    assert product["id"] == product_id
    assert product["name"].strip()
    # the host decodes every escape of a path but %2F, which our own URLs never hold bare
    path = unquote(product["image_url"].removeprefix("/api/v1/images/"))
    assert path == blob
    for params in ({}, {"size": "160"}):
        response = call(get_image, method="GET", route_params={"path": path}, params=params)
        assert response.status_code == 200
    assert response.mimetype == "image/webp"

    any_app.images.delete(blob)
    url = {"url": f"{ACCOUNT}/images/{quote(blob)}"}
    blob_events(event("BlobDeleted", f"images/{blob}", url))
    assert any_app.index.counts().vectors == 0


@pytest.mark.parametrize("blob", ODD)
def test_a_sidecar_of_an_odd_name_is_read(any_app, blob):
    any_app.images.write(blob, picture(), content_type="")
    any_app.indexer.sync(blob)
    any_app.images.write(f"{blob}.json", b'{"name": "Gesagt"}', content_type="")
    any_app.indexer.sync(f"{blob}.json")
    assert any_app.index.product(BlobRole.of(blob).product_id).text.name == "Gesagt"


def test_a_name_with_no_room_for_a_product_is_a_failure_that_says_so(any_app):
    for blob in ("../secret.png", "mug/../x.png", "x" * 1025, ".json"):
        blob_changed(InputStream(data=b"", name=f"images/{blob}", length=0))
    reasons = [failure.reason for failure in any_app.failures.page(limit=9).items]
    assert len(reasons) == 4
    assert all(reasons)


def test_a_thousand_characters_without_a_slash(any_app):
    """A product id of its own; a disk takes 255 bytes, and the failure says so."""
    blob = "x" * 996 + ".jpg"
    any_app.images.write("mug/a.png", picture(), content_type="")
    if isinstance(any_app.images, FolderBlobStore):
        blob_changed(InputStream(data=b"", name=f"images/{blob}", length=0))
        [failure] = any_app.failures.page(limit=9).items
        assert "disk" in failure.reason
    else:
        any_app.images.write(blob, picture(), content_type="")
        blob_changed(InputStream(data=b"", name=f"images/{blob}", length=0))
        assert any_app.index.product("x" * 996).images[0].blob == blob
