import pytest

from shared_code.domain.errors import Unprocessable
from shared_code.domain.naming import (
    MAX_UPLOAD_NAME,
    BlobRole,
    check_upload_name,
    derive_name,
    document_name,
    picture_ref,
    sidecar_names,
)


@pytest.mark.parametrize(
    ("blob", "product_id", "role"),
    [
        ("red-dress/front.webp", "red-dress", "picture"),
        ("red-dress/views/front.webp", "red-dress", "picture"),
        ("red-dress.webp", "red-dress", "picture"),
        ("red.dress.webp", "red.dress", "picture"),
        ("red-dress", "red-dress", "picture"),
        ("red dress/é à.JPG", "red dress", "picture"),
        ("50%2Foff/a.jpg", "50%2Foff", "picture"),
        ("red-dress/front.webp.json", "red-dress", "sidecar"),
        ("red-dress.webp.json", "red-dress", "sidecar"),
        ("red-dress.webp.JSON", "red-dress", "sidecar"),
        ("red-dress/product.json", "red-dress", "document"),
        ("red-dress/views/product.json", "red-dress", "sidecar"),
    ],
)
def test_roles_of_blob_names(blob, product_id, role):
    assert BlobRole.of(blob) == BlobRole(product_id, role)


@pytest.mark.parametrize(
    ("blob", "name"),
    [
        ("red-summer-dress.jpg", "Red Summer Dress"),
        ("12345/red_summer_dress.jpg", "Red Summer Dress"),
        ("red-dress/front.webp", "Red Dress"),
        ("red-dress/IMG_0042.jpg", "Red Dress"),
        ("red-dress/0a1b2c3d4e5f60718293a4b5c6d7e8f9.jpg", "Red Dress"),
        ("robe été.jpg", "Robe Été"),
        ("iPhone-15.png", "IPhone 15"),
        ("1.png", "1"),
        ("_.png", "_.png"),
    ],
)
def test_readable_names(blob, name):
    assert derive_name(blob) == name


def test_a_root_picture_and_one_in_the_folder_are_two_points():
    assert picture_ref("mug.png") != picture_ref("mug/mug.png")
    assert picture_ref("mug.png").product_id == picture_ref("mug/mug.png").product_id
    assert picture_ref("mug.png").point_id == picture_ref("mug.png").point_id


def test_the_names_that_we_write_have_their_roles():
    assert BlobRole.of(document_name("a b.c")) == BlobRole("a b.c", "document")
    for sidecar in sidecar_names("a b.c/d.png"):
        assert BlobRole.of(sidecar) == BlobRole("a b.c", "sidecar")


def test_a_name_too_long_for_azures_blob_trigger_is_refused():
    longest = "mug/" + "x" * (MAX_UPLOAD_NAME - 4)
    assert check_upload_name(longest) == longest
    with pytest.raises(
        Unprocessable, match="has 901 characters; at most 900 are allowed"
    ) as refused:
        check_upload_name(longest + "x")
    assert "blob trigger" in refused.value.detail


def test_the_longest_name_leaves_room_for_the_receipt_of_azures_scan():
    """The receipt is a blob called blobreceipts/<host>/<function>/<etag>/<container>/<blob>."""
    host, function = "h" * 32, "Host.Functions.blob_changed"
    etag, container = '"0x8DD0C1F7B2A3E40"', "c" * 29
    receipt = "/".join(["blobreceipts", host, function, etag, container, "x" * MAX_UPLOAD_NAME])
    assert len(receipt) == 1024
