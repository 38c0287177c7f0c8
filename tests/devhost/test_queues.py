"""Queue triggers, and the poison queue of the blob trigger, on local queues and on Azurite's."""

import base64
import uuid
from datetime import datetime, timedelta

import pytest
from azure.storage.queue import QueueServiceClient

from devhost.queues import read_drain_timeout_s, read_lease_s
from devhost.queues.azure import AzureQueue
from devhost.queues.local import LocalQueue
from tests.devhost.running_host import RunningHost, copy_app, eventually

ON_AZURITE = pytest.param("azurite", marks=pytest.mark.real("azurite"))


@pytest.fixture(params=["local", ON_AZURITE])
def queue(request, tmp_path):
    """An empty queue."""
    if request.param == "local":
        local = LocalQueue(tmp_path, "orders")
        yield local
        local.close()
    else:
        account = request.getfixturevalue("azurite").connection_string
        with QueueServiceClient.from_connection_string(account) as service:
            yield AzureQueue(service.get_queue_client(f"q{uuid.uuid4().hex}"))


class TestBothKindsOfQueue:
    def test_messages_come_in_order_and_are_hidden_from_others(self, queue):
        assert queue.take(16, hidden_s=60) == []
        for text in ("one", "zwei <é>", "three"):
            queue.put(text)
        first = queue.take(2, hidden_s=60)
        assert [message.text for message in first] == ["one", "zwei <é>"]
        assert [message.dequeue_count for message in first] == [1, 1]
        assert [message.text for message in queue.take(16, hidden_s=60)] == ["three"]
        assert queue.take(16, hidden_s=60) == []
        [life] = {message.expires - message.inserted for message in first}
        assert life == timedelta(days=7)

    def test_a_message_shows_again_and_its_old_receipt_is_void(self, queue):
        queue.put("one")
        [first] = queue.take(1, hidden_s=60)
        visible = queue.show_after(first, 0)
        assert visible.receipt != first.receipt
        [second] = queue.take(1, hidden_s=1)
        assert (second.id, second.dequeue_count) == (first.id, 2)
        queue.delete(first)  # its receipt is void: nothing happens
        third = []

        def shows() -> bool:
            third.extend(queue.take(1, hidden_s=60))
            return bool(third)

        eventually(shows, "it shows again")
        assert third[0].dequeue_count == 3
        queue.delete(third[0])
        queue.delete(third[0])

    def test_hidden_messages_count(self, queue):
        assert queue.count() == 0
        queue.put("one")
        queue.put("two")
        queue.take(1, hidden_s=60)
        assert queue.count() == 2


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def app(tmp_path):
    return copy_app("shop", tmp_path)


@pytest.fixture(params=["local", ON_AZURITE])
def storage(request, app):
    """Environment of a host, and how to put a message on and off its queues from outside."""
    return Storage(request, app)


class Storage:
    def __init__(self, request, app):
        self.environ = {"ORDERS": f"orders-{uuid.uuid4().hex[:8]}", "BOX": f"b{uuid.uuid4().hex}"}
        self.app, self.service = app, None
        if request.param == "azurite":
            account = request.getfixturevalue("azurite").connection_string
            self.environ["AzureWebJobsStorage"] = account
            self.service = QueueServiceClient.from_connection_string(account)
            request.addfinalizer(self.service.close)

    def put(self, text: str) -> None:
        self._on(self.environ["ORDERS"], lambda queue: queue.put(text))

    def take_texts(self, suffix: str) -> list[str]:
        texts = []
        self._on(
            self.environ["ORDERS"] + suffix,
            lambda queue: texts.extend(m.text for m in queue.take(16, hidden_s=1)),
        )
        return texts

    def _on(self, name, act):
        if self.service is not None:
            act(AzureQueue(self.service.get_queue_client(name)))
            return
        queue = LocalQueue(self.app / ".local" / "queues", name)
        act(queue)
        queue.close()


def test_messages_reach_the_function(app, storage):
    for text in ("one", "zwei é"):
        storage.put(encode(text))
    with RunningHost(app, **storage.environ) as host:
        eventually(lambda: len(host.events("order")) == 2, "both messages")
        eventually(lambda: host.output().count("-> order") == 2, "both are done")
    first, second = sorted(host.events("order"), key=lambda event: event["body"])
    assert (first["body"], second["body"]) == ("one", "zwei é")
    assert first["dequeued"] == 1
    life = datetime.fromisoformat(first["expires"]) - datetime.fromisoformat(first["inserted"])
    assert life == timedelta(days=7)
    with RunningHost(app, **storage.environ) as host:
        storage_is_empty = storage.take_texts("") if storage.service else []
    assert storage_is_empty == []
    assert len(host.events("order")) == 2


def test_what_fails_five_times_goes_to_the_poison_queue(app, storage):
    storage.put(encode("fail"))
    storage.put("this is no base64!")
    with RunningHost(app, **storage.environ) as host:
        eventually(lambda: host.output().count("is now on the queue") == 2, "both are moved")
    assert [event["dequeued"] for event in host.events("order")] == [1, 2, 3, 4, 5]
    assert sorted(storage.take_texts("-poison")) == sorted(["this is no base64!", encode("fail")])
    assert storage.take_texts("") == []


def test_a_killed_hosts_message_comes_again_when_its_lease_is_over(app, storage):
    storage.put(encode("slow"))
    with RunningHost(app, **storage.environ, DEVHOST_QUEUE_LEASE_S="3") as host:
        eventually(lambda: len(host.events("order")) == 1, "the first delivery")
        host.kill()
    with RunningHost(app, **storage.environ, DEVHOST_QUEUE_LEASE_S="3") as host:
        eventually(lambda: len(host.events("order")) == 2, "the second delivery")
        host.kill()
    assert [event["dequeued"] for event in host.events("order")] == [1, 2]


def test_a_lease_is_ten_minutes_and_the_wait_at_the_end_one_as_in_azure(monkeypatch):
    monkeypatch.delenv("DEVHOST_QUEUE_LEASE_S", raising=False)
    monkeypatch.delenv("DEVHOST_LAST_CALLS_S", raising=False)
    assert (read_lease_s(), read_drain_timeout_s()) == (600, 60)


def test_a_message_that_ended_the_host_five_times_goes_to_the_poison_queue_without_a_call(app):
    queue = LocalQueue(app / ".local" / "queues", "orders")
    queue.put(encode("one"))
    for count in (1, 2, 3, 4, 5):  # as often as a host took it and was killed
        [message] = queue.take(1, hidden_s=0)
        assert message.dequeue_count == count
    queue.close()
    with RunningHost(app) as host:
        eventually(lambda: "is now on the queue orders-poison" in host.output(), "it is moved")
    assert host.events("order") == []


def test_a_lease_is_prolonged_while_the_function_runs(app):
    storage_environ = {"DEVHOST_QUEUE_LEASE_S": "0.4"}
    queue = LocalQueue(app / ".local" / "queues", "orders")
    queue.put(encode("slow"))
    queue.close()
    with RunningHost(app, **storage_environ) as host:
        eventually(lambda: len(host.events("order")) == 1, "the delivery")
        host.client.get("/api/sleep?s=1.5")
        assert len(host.events("order")) == 1
        host.kill()


def test_a_blob_that_fails_for_good_reaches_the_function_of_the_poison_queue(app, storage):
    box = storage.environ["BOX"]
    with RunningHost(app, **storage.environ) as host:
        drop(host, storage, "bad é.png", b"fail")
        eventually(lambda: bool(host.events("poison")), "the poison message")
        assert len(host.events("changed")) == 3  # host.json of the app
    [event] = host.events("poison")
    etag = event["message"].pop("ETag")
    assert etag.strip('"') == host.events("changed")[0]["etag"].strip('"')
    assert event["message"] == {
        "Type": "BlobTrigger",
        "FunctionId": "Host.Functions.blob_changed",
        "BlobType": "BlockBlob",
        "ContainerName": box,
        "BlobName": "bad é.png",
    }


def drop(host, storage, name, data):
    if storage.service is None:
        path = host.images.parent / storage.environ["BOX"] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return
    from azure.storage.blob import BlobServiceClient

    account = storage.environ["AzureWebJobsStorage"]
    with BlobServiceClient.from_connection_string(account) as service:
        service.create_container(storage.environ["BOX"]).upload_blob(name, data)


def test_a_poison_message_that_cannot_be_handled_stays_hidden_then_comes_again(app):
    """A poison queue has none of its own: as in Azure the message is left to its lease."""
    with RunningHost(app, DEVHOST_QUEUE_LEASE_S="0.5") as host:
        host.drop("unrecorded.png", b"fail")
        eventually(lambda: len(host.events("poison")) >= 7, "more often than five times")
    counts = [event["dequeued"] for event in host.events("poison")]
    assert counts[:7] == [1, 2, 3, 4, 5, 6, 7]
