"""A look that fails is put off, or recorded as a failure; and what an outage does to it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shared_code.domain.errors import Misconfigured, TooBusy, Unavailable
from shared_code.domain.urgency import must_retry
from shared_code.failures.store import Failures
from shared_code.indexing.blob_events import BlobEvents, Look, Notice, pause_before
from tests.twins.blobs import MemoryBlobStore
from tests.twins.events import MemoryEventQueue

DOWN = Unavailable("Qdrant does not answer (ConnectError).")


class FakeIndexer:
    """Raises ``failure`` if there is one; otherwise records what it looked at."""

    def __init__(self):
        self.failure = None
        self.looked_at = []
        self.insisted = []

    def sync(self, blob):
        self.insisted.append(must_retry())
        if self.failure:
            raise self.failure
        self.looked_at.append(blob)

    def sync_folder(self, folder):
        self.sync(f"{folder}/*")


class DownQueue(MemoryEventQueue):
    def send(self, text, *, delay_s=0.0):
        raise Unavailable("Queue storage does not answer.")


class DownStore(MemoryBlobStore):
    def write(self, *_, **__):
        raise Unavailable("Blob storage does not answer.")


class World:
    """The event handler, its clock, and the queue's trigger."""

    def __init__(self, *, hours=24.0, queue=None, store=None):
        self.time = datetime(2026, 11, 28, 12, tzinfo=UTC)
        self.indexer = FakeIndexer()
        self.queue = queue or MemoryEventQueue(now=lambda: self.time)
        self.failures = Failures(store or MemoryBlobStore(), now=lambda: self.time)
        self.events = BlobEvents(
            lambda: self.indexer,
            MemoryBlobStore(),
            self.failures,
            self.queue,
            "images",
            hours * 3600,
            now=lambda: self.time,
            jitter=lambda least, most: 1.0,
        )

    def look(self, *names):
        for name in names:
            self.events.look(Look(name))

    def pass_time(self, seconds):
        """Lets time pass second by second; the trigger takes each message that is visible."""
        for _ in range(round(seconds)):
            self.time += timedelta(seconds=1)
            for text in self.queue.take():
                look = Look.from_fields(json.loads(text)["lookAgain"])
                self.events.handle(Notice("1", text, (look,)))

    def get_failure(self):
        [failure] = self.failures.page(limit=9).items
        return failure


@pytest.fixture
def world():
    return World()


def test_a_look_that_succeeds_leaves_nothing_behind(world):
    world.look("mug/a.png")
    assert world.indexer.looked_at == ["mug/a.png"]
    assert (world.queue.sent, world.failures.count()) == ([], 0)


@pytest.mark.parametrize("failure", [DOWN, TooBusy("busy"), Misconfigured("Qdrant refuses (401)")])
def test_an_outage_is_waited_out(world, failure):
    world.indexer.failure = failure
    world.look("mug/a.png")
    world.pass_time(120)
    world.indexer.failure = None
    world.pass_time(30)
    assert world.indexer.looked_at == ["mug/a.png"]
    assert (world.queue.count(), world.failures.count()) == (0, 0)


def test_pauses_grow_from_seconds_to_an_hour():
    pauses = [pause_before(tries) for tries in range(1, 30)]
    assert pauses[:3] == [10, 30, 30]
    assert sum(pauses[1:21]) == 600
    assert pauses[21:26] == [300, 600, 1800, 3600, 3600]
    assert pauses[-1] == 3600


def test_an_outage_of_a_day_costs_few_looks(world):
    world.indexer.failure = DOWN
    world.look("mug/a.png")
    world.pass_time(24 * 3600 - 60)
    assert world.failures.count() == 0
    assert len(world.queue.sent) < 60


def test_when_patience_ends_it_is_a_failure_with_its_cause_and_beginning():
    world = World(hours=1)
    world.indexer.failure = DOWN
    world.look("mug/a.png")
    world.pass_time(3601)
    failure = world.get_failure()
    assert (failure.blob, failure.product_id, failure.etag) == ("mug/a.png", "mug", "")
    assert DOWN.detail in failure.reason
    assert "since 2026-11-28 12:00:00 UTC" in failure.reason
    assert world.queue.count() == 0


def test_a_short_patience_is_not_slept_through():
    world = World(hours=0.01)
    world.indexer.failure = DOWN
    world.look("mug/a.png")
    assert [delay for _, delay in world.queue.sent] == [9.0]


def test_no_patience_at_all_records_at_once():
    world = World(hours=0)
    world.indexer.failure = DOWN
    world.look("mug/a.png")
    assert DOWN.detail in world.get_failure().reason


def test_a_chain_that_doubled_ends_with_the_patience(world):
    """A process that dies between sending and returning leaves its message as well."""
    world.indexer.failure = DOWN
    look = Look("mug/a.png")
    for _ in range(4):
        world.events.look(look)
    world.pass_time(24 * 3600 + 60)
    assert world.queue.count() == 0
    assert world.get_failure().blob == "mug/a.png"


def test_a_bug_of_ours_is_recorded_and_not_tried_again(world, caplog):
    world.indexer.failure = ValueError("list index out of range")
    world.look("mug/a.png")
    assert "ValueError: list index out of range" in world.get_failure().reason
    assert world.queue.sent == []
    assert "Traceback" in caplog.text


def test_a_look_that_cannot_be_put_off_is_recorded():
    world = World(queue=DownQueue())
    world.indexer.failure = DOWN
    world.look("mug/a.png")
    reason = world.get_failure().reason
    assert DOWN.detail in reason
    assert "Queue storage does not answer" in reason


def test_a_failure_that_cannot_be_recorded_is_put_off():
    world = World(store=DownStore())
    world.indexer.failure = ValueError("a bug")
    world.look("mug/a.png")
    assert world.queue.count() == 1


@pytest.mark.parametrize("failure", [DOWN, ValueError("a bug")])
def test_only_a_look_that_can_be_neither_recorded_nor_put_off_raises(failure):
    world = World(queue=DownQueue(), store=DownStore())
    world.indexer.failure = failure
    with pytest.raises(Unavailable):
        world.look("mug/a.png")


def test_a_look_does_not_insist_on_a_service_that_has_just_failed(world):
    world.look("mug/a.png")
    assert world.indexer.insisted == [False]
    assert must_retry()


def test_one_name_of_a_rename_that_fails_does_not_hold_up_the_other(world):
    calls = []

    def sync(blob):
        calls.append(blob)
        if blob == "cup/a.png":
            raise DOWN

    world.indexer.sync = sync
    world.events.handle(Notice("1", "", (Look("cup/a.png"), Look("mug/a.png"))))
    assert calls == ["cup/a.png", "mug/a.png"]
    assert world.queue.count() == 1


@pytest.mark.parametrize(
    "look",
    [
        Look("größe/日本語 👗.png", tries=3, since=datetime(2026, 11, 28, 12, tzinfo=UTC)),
        Look("mug/views", is_folder=True, tries=1, since=datetime(2026, 11, 28, tzinfo=UTC)),
        Look("new.png"),
    ],
)
def test_a_look_is_read_as_it_was_written(look):
    assert Look.from_fields(json.loads(look.to_json("images"))["lookAgain"]) == look


@pytest.mark.parametrize(
    "fields",
    [
        {},
        [],
        {"blob": "", "tries": 1},
        {"blob": "a.png", "tries": -1},
        {"blob": "a.png", "tries": "many"},
        {"blob": 7, "tries": 1},
        {"blob": "a.png", "tries": 1, "since": "yesterday"},
        {"blob": "a.png", "tries": 1, "since": "2026-11-28T12:00:00"},
    ],
)
def test_a_malformed_look_is_refused(fields):
    with pytest.raises((ValueError, KeyError)):
        Look.from_fields(fields)


def test_jitter_keeps_looks_from_coming_back_together():
    world = World()
    world.indexer.failure = DOWN
    events = BlobEvents(
        lambda: world.indexer,
        MemoryBlobStore(),
        world.failures,
        world.queue,
        "images",
        24 * 3600,
        now=lambda: world.time,
    )
    for number in range(100):
        events.look(Look(f"{number}.png"))
    delays = sorted(delay for _, delay in world.queue.sent)
    assert 7.5 <= delays[0] < 8.5
    assert 11.5 < delays[-1] <= 12.5
