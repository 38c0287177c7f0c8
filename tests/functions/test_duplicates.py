"""How many calls an event costs, above all one that is delivered twice."""

import json
from collections import Counter

import pytest

from shared_code.failures.store import Failures
from tests.pictures import picture
from tests.twins.blobs import MemoryBlobStore
from tests.twins.index import MemoryIndex


class CountingProxy:
    """Passes calls on to the inner object, and counts them by name."""

    def __init__(self, inner, calls):
        self._inner, self._calls = inner, calls

    def __getattr__(self, name):
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def count_and_call(*args, **kwargs):
            self._calls[name] += 1
            return value(*args, **kwargs)

        return count_and_call


@pytest.fixture
def calls(app):
    counters = {"images": Counter(), "failures": Counter(), "index": Counter()}
    app.adapters.images = CountingProxy(MemoryBlobStore(), counters["images"])
    app.failures = Failures(CountingProxy(MemoryBlobStore(), counters["failures"]))
    app.adapters.index = CountingProxy(MemoryIndex(), counters["index"])
    return counters


@pytest.mark.parametrize("document", [None, "mug/product.json", "mug/a.png.json"])
def test_a_duplicate_of_a_current_picture_is_cheap(app, calls, document):
    if document:
        app.images.write(document, json.dumps({"name": "Said"}).encode(), content_type="")
    app.images.write("mug/a.png", picture(), content_type="")
    assert app.indexer.sync("mug/a.png") == "indexed"
    app.encoder.calls.clear()
    for counter in calls.values():
        counter.clear()
    assert app.indexer.sync("mug/a.png") == "current"
    assert app.encoder.calls == []
    assert calls["images"] == {"head": 2, "list": 2}  # the blob; the product's; none is read
    assert calls["failures"] == {"delete": 1}
    assert calls["index"] == {"sources": 1}


def test_a_duplicate_of_a_current_document_embeds_nothing(app, calls):
    app.images.write("mug/product.json", b'{"name": "Said"}', content_type="")
    app.images.write("mug/a.png", picture(), content_type="")
    app.indexer.sync("mug/a.png")
    app.encoder.calls.clear()
    calls["index"].clear()
    assert app.indexer.sync("mug/product.json") == "current"
    assert app.encoder.calls == []
    assert not calls["index"].keys() & {"write", "delete"}


def test_a_changed_sidecar_embeds_words_and_no_picture(app, calls):
    app.images.write("mug/a.png", picture(), content_type="")
    app.indexer.sync("mug/a.png")
    app.encoder.calls.clear()
    document = {"name": "Said", "metadata": {"price": 3}}
    app.images.write("mug/a.png.json", json.dumps(document).encode(), content_type="")
    assert app.indexer.sync("mug/a.png.json") == "indexed"
    assert app.encoder.calls == ["Said"]
    assert app.index.product("mug").text.metadata == {"price": 3}


def test_a_first_picture_costs_few_calls(app, calls):
    app.images.write("mug/a.png", picture(), content_type="")
    calls["images"].clear()
    app.indexer.sync("mug/a.png")
    assert calls["images"] == {"head": 4, "list": 4, "read": 1}
    assert calls["index"] == {"sources": 2, "write": 1, "nearest": 1}


def test_a_document_written_again_with_the_same_words_changes_nothing(app, calls):
    """The same words under a new etag: the product is written again, and its words stay."""
    app.images.write("mug/product.json", b'{"name": "Said"}', content_type="")
    app.indexer.sync("mug/product.json")
    app.images.write("mug/product.json", b'{"name": "Said"}', content_type="")
    app.indexer.sync("mug/product.json")
    assert app.indexer.sync("mug/product.json") == "current"
    assert app.index.product("mug").text.name == "Said"


def test_a_second_event_brings_words_up_to_date(app):
    """The process was killed after it wrote the picture and before it read the words again; the
    sidecar's own event came in between, when there was no picture that it could describe."""
    app.images.write("mug/a.png", picture(), content_type="")
    app.indexer.sync("mug/a.png")
    app.images.write("mug/a.png.json", b'{"name": "Said"}', content_type="")
    assert app.indexer.sync("mug/a.png") == "indexed"
    assert app.index.product("mug").text.name == "Said"
