"""The queue of events on this disk and in a storage account: the host's queue trigger must get
what the app puts there, when it is due and not before."""

import base64
import os
import threading
import time
import uuid

import pytest
from azure.storage.queue import QueueClient

from shared_code.adapters.storage.azure.account import StorageAccount
from shared_code.adapters.storage.azure.queue import AzureEventQueue
from shared_code.adapters.storage.folder.queue import FolderEventQueue
from shared_code.domain.errors import Misconfigured, Unavailable
from tests.host import eventually
from tests.local_services import free_ports
from tests.twins.events import MemoryEventQueue


class FolderQueueAccess:
    def __init__(self, folder):
        self.queue = FolderEventQueue(folder, "blob-events")
        self._file = FolderEventQueue(folder, "blob-events")._file

    def visible(self):
        now = time.time()
        rows = self._file.run(
            "SELECT text FROM messages WHERE visible <= ? AND expires > ?", now, now
        )
        return [base64.b64decode(text).decode() for (text,) in rows]

    def close(self):
        self.queue.close()
        self._file.close()


class AzureQueueAccess:
    def __init__(self, connection):
        name = f"events-{uuid.uuid4()}"
        self.queue = AzureEventQueue.from_connection_string(connection, name)
        self._client = QueueClient.from_connection_string(connection, name)

    def visible(self):
        texts = [message.content for message in self._client.peek_messages(32)]
        return [base64.b64decode(text, validate=True).decode() for text in texts]

    def close(self):
        self.queue.close()
        self._client.close()


class MemoryQueueAccess:
    def __init__(self):
        self.queue = MemoryEventQueue()

    def visible(self):
        return [text for due, text in self.queue._due if due <= self.queue.now()]

    def close(self):
        """Nothing is open."""


@pytest.fixture(
    params=["memory", "folder", pytest.param("azure", marks=pytest.mark.real("azurite"))]
)
def queue_access(request, tmp_path):
    """The queue as the app uses it, and the messages that a trigger would see."""
    if request.param == "azure":
        access = AzureQueueAccess(request.getfixturevalue("azurite").connection_string)
    else:
        access = FolderQueueAccess(tmp_path) if request.param == "folder" else MemoryQueueAccess()
    yield access
    access.close()


class TestEveryQueue:
    def test_a_queue_that_nobody_has_made_holds_nothing(self, queue_access):
        assert queue_access.queue.count() == 0

    def test_a_message_is_there_at_once_as_it_was_sent(self, queue_access):
        queue_access.queue.send('{"blob": "größe 42/日本語 👗.png"}')
        assert queue_access.visible() == ['{"blob": "größe 42/日本語 👗.png"}']

    def test_a_delayed_message_counts_and_is_hidden_until_it_is_due(self, queue_access):
        began = time.monotonic()
        queue_access.queue.send("later", delay_s=1.5)
        queue_access.queue.send("now")
        assert queue_access.queue.count() == 2
        assert queue_access.visible() == ["now"] or time.monotonic() - began >= 1.5
        eventually(lambda: sorted(queue_access.visible()) == ["later", "now"], "it is due")
        assert time.monotonic() - began >= 1.4
        assert queue_access.queue.count() == 2

    def test_a_long_delay_is_accepted(self, queue_access):
        queue_access.queue.send("tomorrow", delay_s=26 * 3600)
        assert queue_access.queue.count() == 1
        assert queue_access.visible() == []

    def test_many_threads_send_at_once(self, queue_access):
        threads = [
            threading.Thread(target=queue_access.queue.send, args=[str(number)])
            for number in range(24)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert queue_access.queue.count() == 24
        assert sorted(queue_access.visible(), key=int) == [str(number) for number in range(24)]


def test_messages_on_a_disk_are_there_after_a_restart(tmp_path):
    first = FolderEventQueue(tmp_path, "blob-events")
    first.send("kept", delay_s=60)
    first.close()
    second = FolderEventQueue(tmp_path, "blob-events")
    assert second.count() == 1
    second.close()


def test_a_folder_that_cannot_be_used_is_an_outage(tmp_path):
    (tmp_path / "queues").write_text("a file, where the folder should be")
    with pytest.raises(Unavailable, match="queues"):
        FolderEventQueue(tmp_path / "queues", "blob-events").send("x")
    if os.getuid():
        (tmp_path / "sealed").mkdir(mode=0o500)
        with pytest.raises(Unavailable):
            FolderEventQueue(tmp_path / "sealed" / "queues", "blob-events").send("x")


@pytest.mark.real("azurite")
def test_a_message_in_an_account_does_not_expire(azurite):
    queue_access = AzureQueueAccess(azurite.connection_string)
    queue_access.queue.send("for ever")
    [message] = queue_access._client.receive_messages()
    assert message.expires_on.year == 9999
    queue_access.close()


@pytest.mark.real("azurite")
def test_a_wrong_key_is_a_wrong_setting(azurite):
    wrong = azurite.connection_string.replace("AccountKey=E", "AccountKey=F")
    queue = AzureEventQueue.from_connection_string(wrong, "blob-events")
    with pytest.raises(Misconfigured, match="Storage Queue Data Contributor"):
        queue.send("x")
    queue.close()


def test_an_account_that_does_not_answer_is_an_outage_within_seconds():
    [port] = free_ports(1)
    connection = f"AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:{port}/a"
    queue = AzureEventQueue.from_connection_string(connection, "blob-events")
    began = time.monotonic()
    with pytest.raises(Unavailable, match="Queue storage"):
        queue.send("x")
    assert time.monotonic() - began < 10
    queue.close()


def test_the_url_of_the_queues_follows_from_that_of_the_blobs():
    blobs = "https://shop.blob.core.windows.net/"
    by_blobs = StorageAccount(blob_url=blobs)
    assert by_blobs.resolve_url("queue") == "https://shop.queue.core.windows.net/"
    by_queues = StorageAccount(
        blob_url="https://storage.example", queue_url="https://queues.example"
    )
    assert by_queues.resolve_url("queue") == "https://queues.example"
    with pytest.raises(Misconfigured, match="queueServiceUri"):
        StorageAccount(blob_url="https://storage.example").resolve_url("queue")
    AzureEventQueue.connect(by_blobs, "blob-events").close()


@pytest.mark.parametrize("connection", ["nonsense", "a=b;c=d"])
def test_a_wrong_connection_string_is_a_wrong_setting(connection):
    with pytest.raises(Misconfigured, match="AzureWebJobsStorage"):
        AzureEventQueue.connect(StorageAccount(connection), "blob-events")
