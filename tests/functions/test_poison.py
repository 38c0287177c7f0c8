"""What the host gave up on is recorded: once, with a reason, and only while it is true."""

import pytest

from functions.failures import list_failures, retry_failures
from functions.ingest import blob_given_up
from shared_code.core.errors import Unavailable
from tests.functions.conftest import body_of, call
from tests.functions.storage_events import poison, poisoned
from tests.pictures import picture
from tests.registered import registered_functions
from tests.twins.index import MemoryIndex


class Down(MemoryIndex):
    def sources(self, refs):
        raise Unavailable("Qdrant does not answer (ConnectError).")


def only_failure(app):
    [failure] = app.failures.page(limit=9).items
    return failure


def test_a_blob_given_up_is_recorded_and_tried_again_on_request(app):
    app.images.write("mug/a.png", picture(), content_type="")
    blob_given_up(poisoned("mug/a.png"))
    failure = only_failure(app)
    assert (failure.blob, failure.product_id) == ("mug/a.png", "mug")
    assert "Given up" in failure.reason
    assert failure.at
    assert body_of(call(list_failures, method="GET"))["count"] == 1
    assert body_of(call(retry_failures)) == {"tried": 1, "failed": 0, "cursor": None}
    assert app.failures.count() == 0
    assert app.index.counts().images == 1


def test_an_index_that_is_still_down_is_the_reason_and_no_obstacle(app):
    for name in ("index", "texts", "indexer", "recovery"):
        app.parts.pop(name, None)
    app.parts["index"] = Down()
    app.images.write("mug/a.png", picture(), content_type="")
    blob_given_up(poisoned("mug/a.png"))
    assert "Qdrant does not answer" in only_failure(app).reason


@pytest.mark.parametrize("blob", ["mug/a.png", "mug/product.json", "mug/a.png.json"])
def test_what_is_indexed_by_now_is_no_failure(app, blob):
    app.images.write("mug/a.png", picture(), content_type="")
    app.images.write("mug/product.json", b'{"name": "Mug"}', content_type="")
    app.images.write("mug/a.png.json", b'{"name": "Beside"}', content_type="")
    app.indexer.sync("mug/a.png")
    app.failures.record(blob, "mug", "an earlier try")
    blob_given_up(poisoned(blob))
    assert app.failures.count() == 0


def test_what_is_gone_is_no_failure(app):
    app.failures.record("mug/a.png", "mug", "an earlier try")
    blob_given_up(poisoned("mug/a.png"))
    assert app.failures.count() == 0


def test_a_reason_that_is_known_stays(app):
    app.images.write("mug/a.png", b"no picture", content_type="")
    app.indexer.sync("mug/a.png")
    blob_given_up(poisoned("mug/a.png"))
    assert "not a picture" in only_failure(app).reason


def test_a_name_of_no_product_is_recorded(app):
    blob_given_up(poisoned("mug\\a.png"))
    assert "backslash" in only_failure(app).reason


@pytest.mark.parametrize(
    "message",
    [
        poisoned("mug/a.png", container="other"),
        poisoned("mug/a.png", function="Host.Functions.resize"),
        poison("{not json"),
        poison("[1, 2]"),
        poison("null"),
        poison(""),
        poison({"ContainerName": "images"}),
        poison({"ContainerName": "images", "BlobName": 7}),
        poison("[" * 100_000),
    ],
)
def test_a_message_of_nothing_known_is_kept_and_goes_on_request(app, message):
    app.images.write("mug/a.png", picture(), content_type="")
    blob_given_up(message)
    failure = only_failure(app)
    assert failure.blob == "queue message 7a1c"
    assert "poison message" in failure.reason
    assert len(failure.reason) < 1_200
    call(retry_failures)
    assert app.failures.count() == 0


def test_the_trigger_listens_to_the_hosts_queue():
    [binding] = [
        binding.get_dict_repr()
        for function in registered_functions()
        if function.get_function_name() == "blob_given_up"
        for binding in function.get_bindings()
    ]
    assert binding["queueName"] == "webjobs-blobtrigger-poison"
    assert binding["connection"] == "AzureWebJobsStorage"
