"""Storage's events on the queue `blob-events`, for an app without a blob trigger: of a folder, and
of a container of a real Azurite."""

import contextlib
import uuid

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from tests.devhost.running_host import RunningHost, copy_app, eventually

CREATED, DELETED = "Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"


class FolderStorage:
    def __init__(self, app):
        self.environ, self.container = {}, "images"
        self._images = app / ".local" / "storage" / "images"

    def put(self, name, data):
        path = self._images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def delete(self, name):
        (self._images / name).unlink()

    def close(self):
        """Does nothing: nothing is open."""


class AccountStorage:
    def __init__(self, connection):
        self.container = f"images-{uuid.uuid4().hex}"
        self.environ = {"AzureWebJobsStorage": connection, "IMAGES_CONTAINER": self.container}
        queues = QueueServiceClient.from_connection_string(connection)
        with queues, contextlib.suppress(ResourceNotFoundError):
            queues.get_queue_client("blob-events").clear_messages()  # of other tests
        self._service = BlobServiceClient.from_connection_string(connection)
        self._images = self._service.create_container(self.container)

    def put(self, name, data):
        self._images.upload_blob(name, data, overwrite=True)

    def delete(self, name):
        self._images.delete_blob(name)

    def close(self):
        self._images.delete_container()
        self._service.close()


@pytest.fixture
def app(tmp_path):
    return copy_app("events", tmp_path)


@pytest.fixture(params=["folder", pytest.param("azurite", marks=pytest.mark.real("azurite"))])
def storage(request, app):
    if request.param == "folder":
        opened = FolderStorage(app)
    else:
        opened = AccountStorage(request.getfixturevalue("azurite").connection_string)
    yield opened
    opened.close()


def test_changes_of_blobs_become_events_as_event_grid_sends_them(app, storage):
    with RunningHost(app, **storage.environ) as host:
        storage.put("p 1/naïve.png", b"one")
        eventually(lambda: len(host.events(CREATED)) == 1, "created")
        storage.put("p 1/naïve.png", b"two!")
        eventually(lambda: len(host.events(CREATED)) == 2, "overwritten")
        storage.delete("p 1/naïve.png")
        eventually(lambda: len(host.events(DELETED)) == 1, "deleted")
        eventually(host.is_idle, "idle")
    created, deleted = host.events(CREATED)[0], host.events(DELETED)[0]
    subject = f"/blobServices/default/containers/{storage.container}/blobs/p 1/naïve.png"
    assert created["subject"] == deleted["subject"] == subject
    assert created["data"]["url"].endswith(f"/{storage.container}/p%201/na%C3%AFve.png")
    assert (created["data"]["api"], deleted["data"]["api"]) == ("PutBlob", "DeleteBlob")


def test_a_restart_tells_only_what_changed_meanwhile(app, storage):
    with RunningHost(app, **storage.environ) as host:
        for name in ("same.png", "changed.png", "deleted.png"):
            storage.put(name, b"one")
        eventually(lambda: len(host.events(CREATED)) == 3, "all of them")
        eventually(host.is_idle, "idle")
    storage.put("changed.png", b"two!")
    storage.delete("deleted.png")
    with RunningHost(app, **storage.environ) as host:
        eventually(lambda: len(host.events(CREATED)) == 4, "the change")
        eventually(lambda: len(host.events(DELETED)) == 1, "the delete")
        eventually(host.is_idle, "idle")
    assert len(host.events(CREATED)) == 4


def test_what_is_on_the_queue_is_pending_while_it_runs_and_until_it_succeeds(app, storage):
    with RunningHost(app, **storage.environ) as host:
        storage.put("slow.png", b"one")
        eventually(lambda: len(host.events(CREATED)) == 1, "it is taken")
        assert not host.is_idle()
        eventually(host.is_idle, "it is done")
        storage.put("fails once.png", b"one")
        eventually(lambda: len(host.events(CREATED)) == 2, "it is taken")
        assert not host.is_idle()
        eventually(host.is_idle, "its second delivery")
    assert [event["dequeued"] for event in host.events(CREATED)] == [1, 1, 2]
