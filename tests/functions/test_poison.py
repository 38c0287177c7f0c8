"""Poison messages are recorded once, with a reason, and only as long as it is true."""

import json
from pathlib import Path

import pytest

from functions import blob_events
from functions.blob_events import blob_events_given_up, blob_trigger_given_up
from functions.failures import list_failures, retry_failures
from shared_code.domain.errors import Unavailable
from tests.functions.conftest import BrokenPart, body_of, call
from tests.functions.storage_events import event, poison_message, queue_message
from tests.pictures import picture
from tests.registered_functions import registered_functions
from tests.twins.index import MemoryIndex

ROOT = Path(__file__).parents[2]


class UnavailableIndex(MemoryIndex):
    def sources(self, refs):
        raise Unavailable("Qdrant does not answer (ConnectError).")


def get_only_failure(app):
    [failure] = app.failures.page(limit=9).items
    return failure


def test_a_poison_blob_is_recorded_and_tried_again_on_request(app):
    app.images.write("mug/a.png", picture(), content_type="")
    blob_trigger_given_up(poison_message("mug/a.png"))
    failure = get_only_failure(app)
    assert (failure.blob, failure.product_id) == ("mug/a.png", "mug")
    assert "Given up" in failure.reason
    assert failure.at
    assert body_of(call(list_failures, method="GET"))["count"] == 1
    assert body_of(call(retry_failures)) == {"tried": 1, "failed": 0, "cursor": None}
    assert app.failures.count() == 0
    assert app.index.counts().images == 1


def test_an_index_that_is_still_down_is_recorded_as_the_reason(app):
    del app.texts, app.indexer, app.blob_events
    app.adapters.index = UnavailableIndex()
    app.images.write("mug/a.png", picture(), content_type="")
    blob_trigger_given_up(poison_message("mug/a.png"))
    assert "Qdrant does not answer" in get_only_failure(app).reason


class FaultyIndex(MemoryIndex):
    def sources(self, refs):
        raise ValueError("list index out of range")


def test_a_bug_of_ours_is_recorded_as_the_reason(app):
    del app.texts, app.indexer, app.blob_events
    app.adapters.index = FaultyIndex()
    app.images.write("mug/a.png", picture(), content_type="")
    blob_events_given_up(event("BlobCreated", "images/mug/a.png", {}))
    assert "list index out of range" in get_only_failure(app).reason


@pytest.mark.parametrize("blob", ["mug/a.png", "mug/product.json", "mug/a.png.json"])
def test_a_blob_that_is_indexed_by_now_is_no_failure(app, blob):
    app.images.write("mug/a.png", picture(), content_type="")
    app.images.write("mug/product.json", b'{"name": "Mug"}', content_type="")
    app.images.write("mug/a.png.json", b'{"name": "Beside"}', content_type="")
    app.indexer.sync("mug/a.png")
    app.failures.record(blob, "mug", "an earlier try")
    blob_trigger_given_up(poison_message(blob))
    assert app.failures.count() == 0


def test_a_deleted_blob_is_no_failure(app):
    app.failures.record("mug/a.png", "mug", "an earlier try")
    blob_trigger_given_up(poison_message("mug/a.png"))
    assert app.failures.count() == 0


def test_a_reason_that_is_known_stays(app):
    app.images.write("mug/a.png", b"no picture", content_type="")
    app.indexer.sync("mug/a.png")
    blob_trigger_given_up(poison_message("mug/a.png"))
    assert "not a picture" in get_only_failure(app).reason


def test_a_name_of_no_product_is_recorded(app):
    blob_trigger_given_up(poison_message("mug\\a.png"))
    assert "backslash" in get_only_failure(app).reason


@pytest.mark.parametrize(
    "message",
    [
        poison_message("mug/a.png", container="other"),
        poison_message("mug/a.png", function="Host.Functions.resize"),
        queue_message("{not json"),
        queue_message("[1, 2]"),
        queue_message("null"),
        queue_message(""),
        queue_message({"ContainerName": "images"}),
        queue_message({"ContainerName": "images", "BlobName": 7}),
        queue_message("[" * 100_000),
    ],
)
@pytest.mark.parametrize("handle_poison_message", [blob_trigger_given_up, blob_events_given_up])
def test_an_unknown_message_is_recorded_and_removed_on_request(app, message, handle_poison_message):
    app.images.write("mug/a.png", picture(), content_type="")
    handle_poison_message(message)
    failure = get_only_failure(app)
    assert failure.blob == "queue message 7a1c"
    assert "queue message" in failure.reason
    assert len(failure.reason) < 1_200
    call(retry_failures)
    assert app.failures.count() == 0


LOOK_AGAIN = {"container": "images", "blob": "mug/a.png", "tries": 3}


@pytest.mark.parametrize(
    "message",
    [
        event("BlobCreated", "images/mug/a.png", {}),
        queue_message({"lookAgain": LOOK_AGAIN}),
    ],
)
def test_a_picture_that_ended_the_process_each_time_is_a_failure_that_says_so(app, message):
    app.images.write("mug/a.png", picture(), content_type="")
    blob_events_given_up(message)
    failure = get_only_failure(app)
    assert failure.blob == "mug/a.png"
    assert "5 deliveries" in failure.reason
    assert "ended the process" in failure.reason


def test_a_poison_folder_event_is_a_failure_that_a_retry_mends(app):
    app.images.write("mug/a.png", picture(), content_type="")
    blob_events_given_up(event("DirectoryRenamed", "images/mug", {}))
    assert get_only_failure(app).blob == "mug/"
    assert body_of(call(retry_failures)) == {"tried": 1, "failed": 0, "cursor": None}
    assert app.failures.count() == 0
    assert app.index.counts().images == 1


@pytest.mark.parametrize("handle_poison_message", [blob_trigger_given_up, blob_events_given_up])
def test_a_poison_function_never_raises(app, handle_poison_message, caplog):
    """The host would hide the message for ten minutes and deliver it again, without end."""
    broken = BrokenPart(Unavailable("Blob storage does not answer."))
    app.failures = app.adapters.images = broken
    del app.blob_events
    handle_poison_message(poison_message("mug/a.png"))
    assert "mug/a.png" in caplog.text
    assert "cannot record a poison message" in caplog.text


def test_the_functions_listen_to_the_queues_that_the_deployment_makes():
    queues = {
        function.get_function_name(): function.get_trigger().get_dict_repr()["queueName"]
        for function in registered_functions()
        if function.get_trigger().type == "queueTrigger"
    }
    assert queues == {
        "blob_events": "blob-events",
        "blob_events_given_up": "blob-events-poison",
        "blob_trigger_given_up": "webjobs-blobtrigger-poison",
    }


def test_the_host_gives_up_after_as_many_deliveries_as_a_failure_says():
    extensions = json.loads((ROOT / "host.json").read_text())["extensions"]
    assert extensions["queues"]["maxDequeueCount"] == blob_events.MAX_DELIVERIES
    assert extensions["blobs"]["poisonBlobThreshold"] == blob_events.MAX_DELIVERIES
    assert extensions["queues"]["messageEncoding"] == "base64", "as the app sends"


RECORDED = ROOT / "tests" / "devhost" / "recorded" / "poison-message.json"


def test_the_text_that_azure_wrote_is_understood(app):
    """Recorded from Microsoft's own extension: indented, and with quotes inside the ETag."""
    app.images.write("boom é.jpg", picture(), content_type="")
    blob_trigger_given_up(queue_message(RECORDED.read_text(encoding="utf-8")))
    assert get_only_failure(app).blob == "boom é.jpg"
    assert "Given up after 5 deliveries" in get_only_failure(app).reason
