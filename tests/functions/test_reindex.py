"""POST reindex with the real library's orchestrators, the app's twins and two models."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from functions import bulk, reindex
from functions.durable import Jobs
from shared_code.app import App, use_models
from shared_code.domain.errors import Unprocessable
from shared_code.domain.products import Counts
from shared_code.reindex.model_switch import ModelSwitch
from shared_code.wiring import Adapters
from tests.durable import InstanceView, MemoryDurable
from tests.functions.conftest import CountingEncoder, as_json, body_of, call
from tests.functions.test_bulk import get_job, put_pictures
from tests.twins.collections import MemoryCollections
from tests.twins.index import MemoryIndex

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads")

OLD, NEW = "memory__000000000000", "memory__111111111111"


class OtherEncoder(CountingEncoder):
    @property
    def model(self):
        return replace(super().model, fingerprint="111111111111")


@pytest.fixture
def collections(app):
    collections = MemoryCollections()
    app.adapters.collections, app.adapters.index = collections, collections.make_index(OLD)
    return collections


@pytest.fixture
def other(app, collections):
    """The app of another model, beside the one that serves."""
    adapters = Adapters(app.settings, fills_collection=True)
    adapters.encoder, adapters.collections = OtherEncoder(), collections
    adapters.index = collections.make_index(NEW, is_built=True)
    adapters.images, adapters.feeds = app.images, app.feeds
    adapters.failure_records = app.adapters.failure_records
    adapters.thumbnails, adapters.state = app.adapters.thumbnails, app.adapters.state
    other = App(app.settings, adapters)
    previous = use_models(ModelSwitch(app, other))
    yield other
    use_models(previous)


@pytest.fixture
def durable(app):
    return MemoryDurable(bulk.bp, reindex.bp)


def start_reindex(durable, **body: Any):
    return call(reindex.reindex, durable, **as_json(body))


def run_reindex(durable, **body: Any) -> dict[str, Any]:
    response = start_reindex(durable, **body)
    assert response.status_code == 202, body_of(response)
    durable.run()
    return get_job(durable, body_of(response)["id"])


def list_moves(durable) -> list[InstanceView]:
    return [view for view in durable.instances.values() if view.name == "reindex_job"]


def index_pictures(app, number: int) -> None:
    put_pictures(app, number)
    for info in app.images.list().items:
        app.indexer.sync(info.name)


def test_the_other_collection_is_filled_and_serves(app, other, collections, durable):
    index_pictures(app, 30)
    job = run_reindex(durable)
    assert (job["state"], job["phase"]) == ("completed", "done")
    assert job["source"] == {"kind": "reindex", "name": NEW}
    assert (job["total"], job["images"]) == (30, 30)
    assert collections.serving() == NEW
    assert collections.indexes[NEW].counts() == collections.indexes[OLD].counts()
    assert other.encoder.calls.count("image") == 30


def test_what_changed_while_it_was_filled_is_caught_up(app, other, collections, durable):
    index_pictures(app, 3)
    response = start_reindex(durable)
    durable.run(steps=6)
    put_pictures(app, 5)  # two more, and no event goes to the new collection
    app.images.delete("p0000/front.png")
    assert durable.run()
    assert get_job(durable, body_of(response)["id"])["state"] == "completed"
    assert collections.indexes[NEW].counts().images == 4


class EmptyIndex(MemoryIndex):
    """Counts nothing, whatever was written."""

    def counts(self):
        return Counts(0, 0)


def test_the_alias_stays_when_much_is_missing(app, other, collections, durable):
    index_pictures(app, 30)
    collections.indexes[NEW] = other.adapters.index = EmptyIndex(NEW)
    job = run_reindex(durable)
    assert job["state"] == "failed"
    assert "of 30 products in the collection that serves only 0 are in the new one" in job["error"]
    assert collections.serving() == OLD


def test_the_way_back_is_taken_at_once_and_caught_up(app, other, collections, durable):
    """Back to a collection that was whole once; here ``app`` serves, the other one was before."""
    put_pictures(app, 3)
    for info in app.images.list().items:
        other.indexer.sync(info.name)
    index_pictures(app, 5)
    response = start_reindex(durable, rollback=True)
    durable.run(steps=4)
    assert collections.serving() == NEW  # before anything was embedded
    assert collections.indexes[NEW].counts().images == 3
    durable.run()
    assert get_job(durable, body_of(response)["id"])["phase"] == "done"
    assert collections.indexes[NEW].counts().images == 5


def test_one_move_at_a_time(app, other, collections, durable):
    index_pictures(app, 3)
    first = start_reindex(durable)
    durable.run(steps=3)
    refused = start_reindex(durable)
    assert refused.status_code == 422
    assert body_of(first)["id"] in body_of(refused)["detail"]


def test_two_moves_at_the_same_time_do_not_both_go_on(app, other, collections, durable):
    """Both look before either has begun; after that each finds the other."""
    index_pictures(app, 3)

    async def start_both():
        moves = (Jobs(durable).reindex(NEW, is_rollback=False) for _ in range(2))
        return await asyncio.gather(*moves, return_exceptions=True)

    results = asyncio.run(start_both())
    assert any(isinstance(result, Unprocessable) for result in results)
    assert len(list_moves(durable)) == 2
    assert durable.run()
    assert [move.status for move in list_moves(durable)].count("Completed") <= 1


def test_a_cancelled_move_stops_and_leaves_the_alias(app, other, collections, durable):
    from functions import bulk

    index_pictures(app, 30)
    job_id = body_of(start_reindex(durable))["id"]
    durable.run(steps=4)
    route = {"route_params": {"job_id": job_id}}
    assert body_of(call(bulk.cancel_job, durable, **route))["state"] == "cancelled"
    assert durable.run()
    assert collections.serving() == OLD
    states = {instance.id: instance.status for instance in durable.instances.values()}
    assert states[f"build-{job_id.removeprefix('job-')}"] == "Terminated"


def test_a_collection_that_serves_is_not_deleted(app, other, collections):
    refused = call(reindex.delete_collection, method="DELETE", route_params={"name": OLD})
    assert refused.status_code == 422
    deleted = call(reindex.delete_collection, method="DELETE", route_params={"name": NEW})
    assert deleted.status_code == 200
    deleted_twice = call(reindex.delete_collection, method="DELETE", route_params={"name": NEW})
    assert deleted_twice.status_code == 404
    listing = body_of(call(reindex.list_collections, method="GET"))
    assert listing == {"collections": [{"name": OLD, "serving": True}]}


def test_without_another_model_there_is_nothing_to_do(collections, durable):
    refused = start_reindex(durable)
    assert (refused.status_code, "NEXT_MODEL_DIR" in body_of(refused)["detail"]) == (422, True)
