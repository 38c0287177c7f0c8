"""The blob trigger on a container of a real Azurite."""

import uuid

import pytest
from azure.storage.blob import BlobServiceClient, ContentSettings

from tests.devhost.running_host import RunningHost, copy_app, eventually


@pytest.mark.real("azurite")
def test_blobs_of_a_storage_account_are_delivered(tmp_path, azurite):
    box = f"box-{uuid.uuid4().hex}"
    app = copy_app("shop", tmp_path)
    environ = {"AzureWebJobsStorage": azurite.connection_string, "BOX": box}
    name = "p 1/naïve.png"

    def list_changes() -> list[dict]:
        return [e for e in host.events("changed") if e["name"] == f"{box}/{name}"]

    with BlobServiceClient.from_connection_string(azurite.connection_string) as account:
        with RunningHost(app, **environ) as host:
            container = account.create_container(box)  # the host was up before it
            container.upload_blob(
                name,
                b"\x89PNG",
                metadata={"name": "A%20dress"},
                content_settings=ContentSettings(content_type="image/png"),
            )
            eventually(lambda: len(list_changes()) == 1, "the new blob")
            [event] = list_changes()
            assert (event["data"], event["length"], event["type"]) == ("\x89PNG", 4, "image/png")
            assert event["metadata"] == {"name": "A%20dress"}
            assert event["uri"].endswith(f"/{box}/p%201/na%C3%AFve.png")
            container.upload_blob(name, b"two", overwrite=True)
            eventually(lambda: len(list_changes()) == 2, "the changed blob")
            eventually(host.is_idle, "idle")
        container.delete_blob(name)
        with RunningHost(app, **environ) as host:
            eventually(lambda: bool(host.list_deleted(name)), "the delete while it was down")
            assert len(list_changes()) == 2
            account.delete_container(box)


@pytest.fixture
def event_grid_app(tmp_path, azurite):
    """Yields an app whose trigger waits for posts, its environment, and its container."""
    box = f"box-{uuid.uuid4().hex}"
    app = copy_app("shop", tmp_path)
    source = (app / "function_app.py").read_text()
    (app / "function_app.py").write_text(
        source.replace('path="%BOX%', 'source=func.BlobSource.EVENT_GRID, path="%BOX%')
    )
    environ = {"AzureWebJobsStorage": azurite.connection_string, "BOX": box}
    with BlobServiceClient.from_connection_string(azurite.connection_string) as account:
        yield app, environ, account.create_container(box)
        account.delete_container(box)


def post(host, url):
    response = host.client.post(
        "/runtime/webhooks/blobs?functionName=Host.Functions.blob_changed",
        json=[{"data": {"url": url, "eTag": "0x1"}}],
        headers={"aeg-event-type": "Notification"},
    )
    assert response.status_code == 202


@pytest.mark.real("azurite")
def test_an_event_grid_trigger_waits_for_posts(event_grid_app):
    app, environ, container = event_grid_app
    with RunningHost(app, **environ) as host:
        blob = container.upload_blob("a.png", b"one")
        assert "posts to /runtime/webhooks/blobs" in host.output()
        post(host, blob.url)
        eventually(lambda: len(host.events("changed")) == 1, "the posted blob")


@pytest.mark.real("azurite")
def test_an_accepted_post_survives_a_kill(event_grid_app):
    """Event Grid sends nothing again that was answered with 202."""
    app, environ, container = event_grid_app
    blob = container.upload_blob("a.png", b"slow")
    with RunningHost(app, **environ, DEVHOST_QUEUE_LEASE_S="2") as host:
        post(host, blob.url)
        eventually(lambda: len(host.events("changed")) == 1, "a first attempt, which hangs")
        host.kill()
    container.upload_blob("a.png", b"fine", overwrite=True)
    with RunningHost(app, **environ) as host:
        eventually(lambda: len(host.events("changed")) == 2 and host.is_idle(), "the same post")
    with RunningHost(app, **environ) as host:
        assert host.is_idle()
        assert len(host.events("changed")) == 2


def test_storage_that_does_not_answer_is_logged_and_disturbs_nothing_else(tmp_path):
    closed = "AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:9/a"
    with RunningHost(copy_app("shop", tmp_path), AzureWebJobsStorage=closed) as host:
        eventually(lambda: "container images does not answer" in host.output(), "the warning")
        assert host.client.get("/api/async").text == "async"
