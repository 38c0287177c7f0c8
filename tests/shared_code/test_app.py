"""The composition root: what is built when, and by whom."""

import threading
import time

import pytest

from shared_code.app import close_app, current_app, use_models
from shared_code.lazy import lazy
from shared_code.reindex.model_switch import ModelSwitch
from shared_code.settings import Settings
from shared_code.wiring import Adapters
from tests.twins.encoder import TwinEncoder
from tests.twins.index import MemoryIndex


class CountingApp:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.builds = 0

    @lazy
    def slow(self) -> object:
        self.builds += 1
        time.sleep(0.05)
        return object()

    @lazy
    def flaky(self) -> str:
        self.builds += 1
        if self.builds == 1:
            raise RuntimeError("not yet")
        return "built"


def test_thirty_two_threads_build_an_attribute_once():
    owner, values = CountingApp(), []
    threads = [threading.Thread(target=lambda: values.append(owner.slow)) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(values) == 32
    assert len(set(map(id, values))) == owner.builds == 1


def test_a_failed_build_is_tried_again():
    owner = CountingApp()
    with pytest.raises(RuntimeError):
        _ = owner.flaky
    assert owner.flaky == "built"


def test_an_attribute_that_was_set_is_never_built():
    owner = CountingApp()
    owner.slow = mine = object()
    assert owner.slow is mine
    assert owner.builds == 0


def test_a_deleted_attribute_is_built_anew():
    owner = CountingApp()
    first = owner.slow
    assert CountingApp.slow.built_on(owner) is first
    del owner.slow
    assert CountingApp.slow.built_on(owner) is None
    assert owner.slow is not first


def test_after_its_end_the_app_is_built_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    previous = use_models(None)
    try:
        first = current_app()
        first.event_queue.send("{}", delay_s=60)
        close_app()
        assert current_app() is not first
        assert current_app().blob_events.count_waiting() == 1
        close_app()
    finally:
        use_models(previous)


def test_adapters_that_let_go_of_their_model_keep_their_connections():
    adapters = Adapters(Settings())
    adapters.encoder, adapters.index = TwinEncoder(), MemoryIndex()
    lean = adapters.without_model()
    assert lean.index is adapters.index
    assert lean.telemetry is adapters.telemetry
    assert Adapters.encoder.built_on(lean) is None


def test_an_index_that_was_never_opened_stays_so():
    lean = Adapters(Settings()).without_model()
    assert Adapters.index.built_on(lean) is None


class ModelOf:
    """The app of a model, as a switch sees it."""

    has_next_model = True

    def __init__(self, collection, collections) -> None:
        self.collection, self.collections = collection, collections
        self.is_closed = self.is_lean = False

    def for_next_model(self):
        return ModelOf("new", self.collections)

    def for_refill(self):
        return ModelOf(self.collection, self.collections)

    def without_model(self):
        lean = ModelOf(self.collection, self.collections)
        lean.is_lean = True
        return lean

    def close(self):
        self.is_closed = True


class Alias:
    def __init__(self, target) -> None:
        self.target = target
        self.dropped = []

    def serving(self):
        return self.target

    def names(self):
        return ["new", "old"]

    def drop(self, name):
        self.dropped.append(name)


def test_the_model_serves_that_the_alias_leads_to_and_the_other_lets_go_of_its_memory():
    alias = Alias("old")
    switch = ModelSwitch(ModelOf("old", alias))
    assert switch.current().collection == "old"
    filling = switch.app_for("new")
    alias.target = "new"
    switch.follow_alias()
    assert switch.current() is filling
    assert switch.app_for("old").is_lean


def test_a_collection_of_the_model_that_serves_is_filled_by_an_app_of_its_own():
    """The alias leads to a collection whose model this process lacks."""
    alias = Alias("elsewhere")
    switch = ModelSwitch(ModelOf("old", alias))
    refill = switch.app_for("old")
    assert refill is not switch.current()
    assert switch.app_for("old") is refill
    switch.stop_refill()
    assert refill.is_closed


def test_a_dropped_collection_is_closed_first():
    alias = Alias("old")
    switch = ModelSwitch(ModelOf("old", alias))
    other = switch.app_for("new")
    switch.drop_collection("new")
    assert other.is_closed
    assert alias.dropped == ["new"]


def test_the_end_closes_every_app():
    switch = ModelSwitch(ModelOf("old", Alias("old")))
    apps = [switch.current(), switch.app_for("new")]
    switch.close()
    assert all(app.is_closed for app in apps)
