"""The behaviour of Azure's blob trigger, as Microsoft's own extension (Storage.Blobs 5.3.10) showed
it on Azurite, unless a test says otherwise."""

import itertools
import json
import os
import re
import signal
import time
import uuid
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from devhost.blobs.messages import MAX_RECEIPT_NAME, BlobMessage
from devhost.project import MAX_BATCH, BlobOptions
from tests.devhost.running_host import RunningHost, copy_app, eventually

RECORDED = Path(__file__).parents[1] / "recorded" / "poison-message.json"
WEBHOOK = "/runtime/webhooks/blobs?functionName=Host.Functions.blob_changed"


@pytest.fixture
def app(tmp_path):
    return copy_app("shop", tmp_path)


def set_parallelism(app, count):
    host_json = json.loads((app / "host.json").read_text())
    host_json["extensions"]["blobs"]["maxDegreeOfParallelism"] = count
    (app / "host.json").write_text(json.dumps(host_json))


def list_starts(host, name):
    return [event["at"] for event in host.list_changed(name)]


def list_ends(host, name):
    return [event["at"] for event in host.events("done") if event["name"] == f"images/{name}"]


def drop_behind_another(host, durations):
    """Drops the blobs while another one is worked on, so that all of them wait on the queue."""
    host.drop("first.png", b"takes 2.5")
    eventually(lambda: bool(list_starts(host, "first.png")), "the first")
    for name, seconds in durations.items():
        host.drop(name, f"takes {seconds}".encode())
    eventually(lambda: len(host.events("done")) == len(durations) + 1, "all are done", seconds=60)


DURATIONS = {"a.png": 0.2, "b.png": 3, "c.png": 0.2, "d.png": 0.2}


def test_a_parallelism_of_two_is_a_batch_of_two_and_the_next_when_both_are_done(app):
    set_parallelism(app, 2)
    with RunningHost(app) as host:
        drop_behind_another(host, DURATIONS)
        batches = [list_starts(host, name)[0] for name in DURATIONS]
        done = [list_ends(host, name)[0] for name in DURATIONS]
    first, second = sorted(zip(batches, done, strict=True))[:2], sorted(batches)[2:]
    assert max(begin for begin, _ in first) < min(end for _, end in first), "two at once"
    assert min(second) >= max(end for _, end in first)


def test_a_parallelism_of_three_is_a_batch_of_two_refilled_when_one_is_left(app):
    set_parallelism(app, 3)
    with RunningHost(app) as host:
        drop_behind_another(host, DURATIONS)
        for name in ("c.png", "d.png"):
            assert list_starts(host, name)[0] < list_ends(host, "b.png")[0], (
                "the slow one keeps nobody"
            )
        moments = [(at, 1) for n in (*DURATIONS, "first.png") for at in list_starts(host, n)]
        moments += [(at, -1) for n in (*DURATIONS, "first.png") for at in list_ends(host, n)]
    running = [sum(step for _, step in sorted(moments)[: n + 1]) for n in range(len(moments))]
    assert max(running) <= 3


@pytest.mark.parametrize(
    ("parallelism", "batch", "threshold"),
    [(1, 1, 0), (2, 2, 0), (3, 2, 1), (8, 5, 3), (16, 9, 7), (100, 32, 68)],
)
def test_a_parallelism_is_split_into_a_batch_and_a_threshold(parallelism, batch, threshold):
    """2 and 3 were measured; the others follow the extension's source."""
    options = BlobOptions(parallelism, 7).queue_options(base64=True)
    assert (options.batch_size, options.new_batch_threshold) == (batch, threshold)
    assert (options.max_dequeue_count, options.visibility_timeout_s) == (7, 0)
    assert options.batch_size <= MAX_BATCH


def test_the_parallelism_is_eight_a_core_unless_host_json_says_otherwise():
    assert BlobOptions().parallelism == 8 * os.cpu_count()


def test_there_is_no_pause_between_the_tries(app):
    """Azure's host took 15 to 84 ms; a growing pause would be 1, 2, 4, 8 s."""
    host_json = json.loads((app / "host.json").read_text())
    host_json["extensions"]["blobs"]["poisonBlobThreshold"] = 5
    (app / "host.json").write_text(json.dumps(host_json))
    with RunningHost(app) as host:
        host.drop("bad.png", b"fail")
        eventually(lambda: len(list_starts(host, "bad.png")) == 5, "five tries")
        tries = list_starts(host, "bad.png")
    pauses = sorted(later - earlier for earlier, later in itertools.pairwise(tries))
    assert pauses[1] < 0.5, "two of the four at least, on however busy a machine"


def test_each_of_several_events_of_one_blob_is_delivered_two_at_a_time(app):
    set_parallelism(app, 2)
    with RunningHost(app) as host:
        host.drop("mug.png", b"takes 0.5")
        eventually(lambda: len(list_ends(host, "mug.png")) == 1, "the file")
        url = "http://127.0.0.1:10000/devstoreaccount1/images/mug.png"
        events = [{"data": {"url": url, "eTag": f"0x{n}"}} for n in range(4)]
        header = {"aeg-event-type": "Notification"}
        assert host.client.post(WEBHOOK, json=events, headers=header).status_code == 202
        eventually(lambda: len(list_ends(host, "mug.png")) == 5, "each of them")
        begins, ends = list_starts(host, "mug.png")[1:], list_ends(host, "mug.png")[1:]
    moments = sorted([(at, 1) for at in begins] + [(at, -1) for at in ends])
    running = [sum(step for _, step in moments[: n + 1]) for n in range(len(moments))]
    assert max(running) == 2


def test_a_blob_overwritten_before_its_turn_is_delivered_once_as_it_is_then(app):
    """The scan's message of the older one ends by itself: its ETag is no longer the blob's."""
    set_parallelism(app, 1)
    with RunningHost(app) as host:
        host.drop("first.png", b"takes 3")
        eventually(lambda: bool(list_starts(host, "first.png")), "the first")
        host.drop("mug.png", b"one")
        eventually(lambda: count_pending(host) == 2, "it waits")
        host.drop("mug.png", b"two")
        eventually(lambda: count_pending(host) == 3, "and so does its successor")
        eventually(host.is_idle, "idle")
        assert [event["data"] for event in host.list_changed("mug.png")] == ["two"]
        assert host.output().count("images/mug.png -> blob_changed") == 1


def count_pending(host):
    return host.client.get("/admin/host/status").json()["pendingBlobEvents"]


def test_a_killed_hosts_blob_is_hidden_until_its_lease_ends(app):
    """600 s in Azure, fixed; then the message comes with a dequeue count of 2."""
    lease = {"DEVHOST_QUEUE_LEASE_S": "4"}
    with RunningHost(app, **lease) as host:
        host.drop("a.png", b"slow")
        eventually(lambda: len(list_starts(host, "a.png")) == 1, "the first delivery")
        host.kill()
        killed_at = time.time()
    with RunningHost(app, **lease) as host:
        assert not host.is_idle(), "it is on the queue, hidden"
        eventually(lambda: len(list_starts(host, "a.png")) == 2, "the second delivery")
        assert list_starts(host, "a.png")[1] - list_starts(host, "a.png")[0] >= 4
        assert list_starts(host, "a.png")[1] > killed_at
        host.kill()


def test_a_blob_that_ended_the_host_too_often_goes_to_the_poison_queue_without_a_call(app):
    """At the sixth fetch where the threshold is five; this app's is three."""
    for delivery in (1, 2, 3):
        with RunningHost(app, DEVHOST_QUEUE_LEASE_S="1") as host:
            if delivery == 1:
                host.drop("a.png", b"slow")
            eventually(lambda: len(list_starts(host, "a.png")) == delivery, "a delivery")  # noqa: B023
            host.kill()
    with RunningHost(app, DEVHOST_QUEUE_LEASE_S="1") as host:
        eventually(lambda: len(host.events("poison")) == 1, "the poison message")
        eventually(host.is_idle, "idle")
        assert len(list_starts(host, "a.png")) == 3


def test_a_host_that_is_stopped_waits_for_the_running_function(app):
    with RunningHost(app) as host:
        host.drop("a.png", b"takes 3")
        eventually(lambda: len(list_starts(host, "a.png")) == 1, "the delivery")
        host.process.send_signal(signal.SIGTERM)
        assert host.process.wait(20) == 0
        assert len(list_ends(host, "a.png")) == 1
        assert "Waiting for 1 running functions" in host.output()
    with RunningHost(app) as host:
        assert host.is_idle()
        assert len(list_starts(host, "a.png")) == 1


def test_it_waits_no_longer_than_its_setting_and_the_message_stays_hidden(app):
    """Azure's host waits for a minute."""
    with RunningHost(app, DEVHOST_LAST_CALLS_S="1") as host:
        host.drop("a.png", b"slow")
        eventually(lambda: len(list_starts(host, "a.png")) == 1, "the delivery")
        host.process.send_signal(signal.SIGTERM)
        assert host.process.wait(20) == 0
        assert "stopped while functions were running" in host.output()
    with RunningHost(app) as host:
        time.sleep(1)
        assert not host.is_idle()
        assert len(list_starts(host, "a.png")) == 1
        host.kill()


def test_a_second_signal_ends_it_at_once(app):
    with RunningHost(app) as host:
        host.drop("a.png", b"slow")
        eventually(lambda: len(list_starts(host, "a.png")) == 1, "the delivery")
        host.process.send_signal(signal.SIGINT)
        eventually(lambda: "Waiting for 1 running functions" in host.output(), "it waits")
        host.process.send_signal(signal.SIGINT)
        assert host.process.wait(10) == 130


def test_a_poison_message_is_azures_text_byte_for_byte(app):
    recorded = RECORDED.read_text(encoding="utf-8")
    fields = json.loads(recorded)
    message = BlobMessage("blob_changed", "images", "boom é.jpg", fields["ETag"])
    assert message.to_text() == recorded
    assert BlobMessage.from_text(recorded) == message
    with RunningHost(app) as host:
        host.drop("boom é.jpg", b"fail")
        eventually(lambda: len(host.events("poison")) == 1, "the poison message")
        etag = json.dumps(host.list_changed("boom é.jpg")[0]["etag"])
        assert etag.startswith('"\\"'), "with its quotes"
        expected = re.sub('"ETag": .*', lambda _: f'"ETag": {etag}', recorded)
        assert host.events("poison")[0]["text"] == expected


@pytest.mark.real("azurite")
def test_names_that_begin_or_end_with_a_slash_are_never_delivered(app, azurite):
    box = f"box-{uuid.uuid4().hex}"
    account = azurite.connection_string
    with BlobServiceClient.from_connection_string(account) as service:
        container = service.create_container(box)
        for name in ("/x", "x/", "between/x"):
            container.upload_blob(name, b"one")
        assert sorted(container.list_blob_names()) == ["/x", "between/x", "x/"]
        with RunningHost(app, AzureWebJobsStorage=account, BOX=box) as host:
            eventually(lambda: host.output().count("is not delivered") == 2, "both warnings")
            eventually(host.is_idle, "idle")
            assert [event["name"] for event in host.events("changed")] == [f"{box}/between/x"]
        service.delete_container(box)


def test_a_name_that_ends_azures_host_is_not_delivered(app):
    """Its scan notes each blob by a blob of its own, whose name holds the other's."""
    longest = "/".join(["d" * 200] * 4) + "/"
    room = MAX_RECEIPT_NAME - BlobMessage("blob_changed", "images", longest, "").receipt_length
    with RunningHost(app) as host:
        host.drop(longest + "x" * room, b"one")
        host.drop(longest + "y" * (room + 1), b"one")
        eventually(lambda: len(host.events("changed")) == 1, "the shorter one")
        eventually(lambda: "cannot note such a long name" in host.output(), "the other's error")
        assert host.list_changed(longest + "x" * room)
        eventually(host.is_idle, "idle")
    assert 900 < len(longest) + room < 950


def test_an_event_of_another_container_is_delivered(app):
    """Azure's host does not compare it with the trigger's path."""
    with RunningHost(app) as host:
        path = host.images.parent / "other" / "mug.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"one")
        url = "http://127.0.0.1:10000/devstoreaccount1/other/mug.png"
        event = {"data": {"url": url, "eTag": "0x1"}}
        header = {"aeg-event-type": "Notification"}
        assert host.client.post(WEBHOOK, json=event, headers=header).status_code == 202
        eventually(lambda: len(host.events("changed")) == 1, "the event")
        assert host.events("changed")[0]["name"] == "other/mug.png"
        assert "other/mug.png is not in the path of blob_changed" in host.output()


@pytest.mark.parametrize(
    "path", ["images/..%2F..%2Fsecret.png", "..%2F/secret.png", "../secret.png"]
)
def test_an_event_reaches_no_file_that_is_not_in_a_container(app, path):
    with RunningHost(app) as host:
        host.drop("real.png", b"one")
        for folder in (host.images.parent, host.images.parent.parent):
            (folder / "secret.png").write_bytes(b"secret")
        event = {"data": {"url": f"http://127.0.0.1:10000/devstoreaccount1/{path}", "eTag": "0x1"}}
        header = {"aeg-event-type": "Notification"}
        assert host.client.post(WEBHOOK, json=event, headers=header).status_code == 202
        eventually(lambda: bool(host.list_changed("real.png")), "the file in the container")
        eventually(host.is_idle, "idle")
        assert [event["data"] for event in host.events("changed")] == ["one"]
