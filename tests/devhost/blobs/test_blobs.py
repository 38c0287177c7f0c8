"""The blob trigger, played from a folder of a real host process."""

import os
import time
from itertools import pairwise

import pytest

from tests.devhost.running_host import RunningHost, copy_app, eventually, read_startup_error

AT_ONCE_S = 2


@pytest.fixture
def app(tmp_path):
    return copy_app("shop", tmp_path)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with RunningHost(copy_app("shop", tmp_path_factory.mktemp("blobs"))) as running:
        yield running


def test_new_changed_and_deleted_files_are_delivered(host):
    path = host.drop("p 1/naïve dress.png", b"one")
    eventually(lambda: len(host.list_changed("p 1/naïve dress.png")) == 1, "new", seconds=AT_ONCE_S)
    [event] = host.list_changed("p 1/naïve dress.png")
    assert (event["data"], event["length"], event["type"]) == ("one", 3, "image/png")
    assert event["uri"].endswith("/devstoreaccount1/images/p%201/na%C3%AFve%20dress.png")

    path.write_bytes(b"two")
    eventually(lambda: len(host.list_changed("p 1/naïve dress.png")) == 2, "new", seconds=AT_ONCE_S)
    assert host.list_changed("p 1/naïve dress.png")[1]["data"] == "two"

    path.unlink()
    eventually(lambda: bool(host.list_deleted("p 1/naïve dress.png")), "gone", seconds=AT_ONCE_S)
    [event] = host.list_deleted("p 1/naïve dress.png")
    assert event["subject"] == ("/blobServices/default/containers/images/blobs/p 1/naïve dress.png")
    assert event["data"]["api"] == "DeleteBlob"
    assert event["data"]["url"].endswith("/images/p%201/na%C3%AFve%20dress.png")
    assert host.output().count("blob   images/p 1/naïve dress.png -> blob_changed") == 2


def test_files_that_are_no_blobs_are_left_alone(host):
    host.drop(".hidden", b"x")
    host.drop(".unfinished/tmp1", b"x")
    (host.images / "link.png").symlink_to("real.png")
    host.drop("real.png", b"x")
    eventually(lambda: bool(host.list_changed("real.png")), "the real file")
    time.sleep(0.3)
    assert not [
        name for name in (".hidden", ".unfinished/tmp1", "link.png") if host.list_changed(name)
    ]


def test_a_file_being_copied_is_left_alone_until_it_is_whole(host):
    write_times = [time.monotonic()]
    with host.drop("slow.bin", b"").open("ab", buffering=0) as file:
        for _ in range(25):
            file.write(b"x" * 1000)
            write_times.append(time.monotonic())
            time.sleep(0.05)
    eventually(lambda: bool(host.list_changed("slow.bin")), "the copy")
    lengths = [event["length"] for event in host.list_changed("slow.bin")]
    # a machine so busy that this copy paused by itself may see it twice
    paused = max(later - earlier for earlier, later in pairwise(write_times)) > 0.15
    assert lengths == [25_000] or (paused and lengths[-1] == 25_000)


def test_a_file_moved_over_another_of_the_same_age_and_size_is_seen(host):
    path = host.drop("a.png", b"one")
    eventually(lambda: len(host.list_changed("a.png")) == 1, "the first")
    other = host.app / "other"
    other.write_bytes(b"two")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.rename(path)
    eventually(lambda: len(host.list_changed("a.png")) == 2, "the second")


def test_a_failing_blob_is_tried_as_often_as_host_json_says_then_left(host):
    host.drop("bad.png", b"fail")
    label = "images/bad.png -> blob_changed"
    moved = f"{label}: the message is now on the queue webjobs-blobtrigger-poison"
    eventually(lambda: moved in host.output(), "giving up")
    assert len(host.list_changed("bad.png")) == 3
    assert f"{label}: attempt 3 failed" in host.output()
    eventually(host.is_idle, "its message is off the poison queue")
    host.drop("bad.png", b"good now")
    eventually(lambda: len(host.list_changed("bad.png")) == 4, "the mended file")
    eventually(host.is_idle, "idle")


def test_a_restart_delivers_only_what_changed_meanwhile(app):
    with RunningHost(app) as host:
        for name in ("same.png", "changed.png", "deleted.png", "bad.png"):
            host.drop(name, b"fail" if name == "bad.png" else b"one")
        eventually(lambda: len(host.events("changed")) == 6 and host.is_idle(), "all of them")
    host.drop("changed.png", b"two")
    (host.images / "deleted.png").unlink()
    with RunningHost(app) as host:
        eventually(lambda: len(host.list_changed("changed.png")) == 2, "the change")
        eventually(lambda: len(host.list_deleted("deleted.png")) == 1, "the delete")
        eventually(host.is_idle, "idle")
        assert len(host.list_changed("same.png")) == 1
        assert len(host.list_changed("bad.png")) == 3, (
            "what is on the poison queue is not tried again"
        )
    with RunningHost(app) as host:
        time.sleep(0.5)
        assert len(host.list_deleted("deleted.png")) == 1


def test_a_killed_host_delivers_again_what_has_no_receipt(app):
    with RunningHost(app) as host:
        host.drop("a.png", b"one")
        eventually(lambda: bool(host.list_changed("a.png")) and host.is_idle(), "delivery")
        host.kill()
    host.drop("b.png", b"two")
    with RunningHost(app) as host:
        eventually(lambda: bool(host.list_changed("b.png")), "the new file")
        assert len(host.list_changed("a.png")) == 1


def test_a_delete_is_noticed_even_if_the_host_was_killed_in_the_first_delivery(app):
    with RunningHost(app) as host:
        path = host.drop("a.png", b"slow")
        eventually(lambda: bool(host.list_changed("a.png")), "the delivery begins")
        host.kill()
    path.unlink()
    with RunningHost(app) as host:
        eventually(lambda: bool(host.list_deleted("a.png")), "the delete")


def test_two_hosts_on_one_folder_are_refused(app):
    with RunningHost(app):
        assert "is another devhost running on the same LOCAL_DIR?" in read_startup_error(app)


def test_posted_events_reach_the_blob_trigger(host):
    host.drop("posted.png", b"one")
    eventually(lambda: len(host.list_changed("posted.png")) == 1, "the file")
    blobs = "/runtime/webhooks/blobs?functionName=Host.Functions.blob_changed"
    url = "http://127.0.0.1:10000/devstoreaccount1/images/posted.png"
    event = {"data": {"url": url, "eTag": "0x1", "blobType": "BlockBlob"}}
    notification = {"aeg-event-type": "Notification"}

    assert host.client.post(blobs, json=[event]).status_code == 400
    assert host.client.post(blobs, content=b"{", headers=notification).status_code == 500
    assert host.client.post(blobs, json=[event], headers=notification).status_code == 202
    eventually(lambda: len(host.list_changed("posted.png")) == 2, "the posted event")
    deleted = {"data": {"url": url.replace("posted.png", "gone.png")}}
    assert host.client.post(blobs, json=deleted, headers=notification).status_code == 202
    eventually(host.is_idle, "an event for a blob that is gone is ignored")
    assert not host.list_changed("gone.png")

    handshake = host.client.post(
        blobs,
        json=[{"data": {"validationCode": "abc"}}],
        headers={"aeg-event-type": "SubscriptionValidation"},
    )
    assert handshake.json() == {"validationResponse": "abc"}


@pytest.mark.parametrize("name", ["Host.Functions.Blob_Changed", "Host.Functions.resize", ""])
def test_events_for_a_function_of_another_name_are_taken_and_dropped(host, name):
    """Azure's host does the same: 202, and nothing happens."""
    host.drop("unheard.png", b"one")
    eventually(lambda: len(host.list_changed("unheard.png")) >= 1, "the file")
    before = len(host.list_changed("unheard.png"))
    answer = host.client.post(
        f"/runtime/webhooks/blobs?functionName={name}",
        json=[{"data": {"url": "http://127.0.0.1:10000/devstoreaccount1/images/unheard.png"}}],
        headers={"aeg-event-type": "Notification"},
    )
    assert answer.status_code == 202
    eventually(host.is_idle, "nothing is left to do")
    assert len(host.list_changed("unheard.png")) == before
    assert "are dropped" in host.output()
