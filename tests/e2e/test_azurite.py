"""Indexing and searching with a real storage account: Azurite instead of a folder."""

import json

import pytest
from azure.storage.blob import BlobServiceClient

from tests.host import Host, eventually
from tests.pictures import picture

pytestmark = pytest.mark.real("azurite")


@pytest.fixture
def container(azurite):
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        images = service.get_container_client("images")
        if not images.exists():
            images.create_container()
        yield images
        for blob in list(images.list_blob_names()):
            images.delete_blob(blob)


@pytest.fixture
def host(tmp_path, azurite, container):
    app = Host(tmp_path, AzureWebJobsStorage=azurite.connection_string)
    yield app
    app.stop()


def test_an_uploaded_picture_is_searchable_until_it_is_deleted(host, container):
    container.upload_blob("red dress/été.png", picture("red"))
    eventually(lambda: host.search_image(picture("red")) == ["red dress"], "found")
    [url] = host.client.get("/api/v1/products/red dress").raise_for_status().json()["images"]
    assert host.client.get(url).raise_for_status().content == picture("red")
    container.delete_blob("red dress/été.png")
    eventually(lambda: host.stats()["vectors"] == 0, "gone")


def test_words_in_blob_metadata(host, container):
    words = {"name": "Th%C3%A9i%C3%A8re", "metadata": '{"category": "kitchen"}'}
    container.upload_blob("x7.png", picture("blue"), metadata=words)
    kitchen = {"category": "kitchen"}
    eventually(lambda: host.search("tea", filter=kitchen) == ["x7"], "found by its metadata")
    assert host.client.get("/api/v1/products/x7").json()["name"] == "Théière"


def test_indexing_over_http_stores_the_original_and_the_trigger_leaves_it_alone(host, container):
    form = {"product_id": "mug", "name": "Blue mug", "metadata": json.dumps({"price": 9})}
    files = {"image_file": ("a.png", picture("blue"))}
    host.client.post("/api/v1/index-product-with-image", data=form, files=files).raise_for_status()
    names = sorted(container.list_blob_names())
    assert names[1] == "mug/product.json"
    assert container.download_blob(names[0]).readall() == picture("blue")
    eventually(
        lambda: f"images/{names[0]} -> blob_changed" in host.log.read_text(),
        "the trigger looked at it",
    )
    assert f"{names[0]}: indexed" not in host.log.read_text()
    assert host.stats()["images"] == host.stats()["products"] == 1


def test_failures_are_stored_in_the_account(host, container):
    container.upload_blob("bad.png", b"no picture")
    eventually(lambda: host.stats()["failures"] == 1, "recorded")
    container.delete_blob("bad.png")
    eventually(lambda: host.stats()["failures"] == 0, "cleared with the blob")


def test_requests_to_the_account_are_not_logged_one_by_one(host, container):
    """Microsoft's clients log each at INFO, which is the level of the Functions worker."""
    container.upload_blob("mug.png", picture("red"))
    eventually(lambda: host.stats()["images"] == 1, "indexed")
    assert "azure.core" not in host.log.read_text()
