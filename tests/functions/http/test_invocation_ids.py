"""Logs from threads carry the id of the invocation they work for, as Azure's worker finds it.

Workers up to Python 3.12 ask the running task for the id, and elsewhere a variable of the thread
that logs: ``context.thread_local_storage.invocation_id``. Without it the host cannot tell whose
line it is.
"""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import azure.functions as func
import pytest

from functions.failures import retry_failures
from functions.http.telemetry import observed_event
from shared_code.adapters.clip.loading import BackgroundLoader
from shared_code.feeds.items import FeedItem
from shared_code.indexing.job_counts import JobCounts
from shared_code.indexing.recovery import RetryReport
from tests.functions.conftest import http_request
from tests.pictures import picture

log = logging.getLogger("tests.invocations")


class FakeWorker:
    """The worker's variable of each thread, and its log handler, which reads it."""

    def __init__(self):
        self.local = threading.local()
        self.lines = []

    def make_context(self, invocation_id):
        worker = self

        class Context:
            thread_local_storage = worker.local
            trace_context = None

        Context.invocation_id = invocation_id
        return Context()

    def find_ids(self, message):
        """Returns the ids of the lines with this message, and whether another thread wrote them."""
        return [(invocation, thread) for text, invocation, thread in self.lines if text == message]


class Handler(logging.Handler):
    def __init__(self, worker):
        super().__init__()
        self._worker = worker
        self._home = threading.get_ident()

    def emit(self, record):
        invocation = getattr(self._worker.local, "invocation_id", None)
        is_elsewhere = threading.get_ident() != self._home
        self._worker.lines.append((record.getMessage(), invocation, is_elsewhere))


@pytest.fixture
def worker():
    fake_worker = FakeWorker()
    handler = Handler(fake_worker)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield fake_worker
    log.removeHandler(handler)


class LoggingRecovery:
    def retry(self, **_):
        log.info("retrying")
        return RetryReport(tried=0, failed=0, cursor=None)


def test_an_async_function_that_works_on_a_thread(app, worker):
    app.recovery = LoggingRecovery()
    retry = retry_failures.build().get_user_function()

    async def answer_two_at_once():
        requests = [
            retry(http_request(params={}), client="", context=worker.make_context(name))
            for name in ("one", "two")
        ]
        assert [response.status_code for response in await asyncio.gather(*requests)] == [200, 200]
        await asyncio.to_thread(log.info, "afterwards")  # threads are used again

    asyncio.run(answer_two_at_once())
    assert sorted(worker.find_ids("retrying")) == [("one", True), ("two", True)]
    assert worker.find_ids("afterwards") == [(None, True)]


def test_the_threads_of_a_feed(app, worker):
    def fetch(url):
        log.info("fetching")
        return picture("red")

    app.adapters.fetch_image = fetch
    items = [FeedItem(row, f"p{row}", images=("https://x.example/a.png",)) for row in range(3)]

    @observed_event
    def take(event: func.EventGridEvent) -> None:
        assert len(app.bulk.intake.store(items, JobCounts())) == 3

    take(None, context=worker.make_context("one"))
    assert worker.find_ids("fetching") == [("one", True)] * 3


def test_the_thread_that_loads_the_model(app, worker):
    def build():
        log.info("loading")
        return "model"

    @observed_event
    def search(event: func.EventGridEvent) -> None:
        assert BackgroundLoader(build, wait_s=5).get() == "model"

    search(None, context=worker.make_context("one"))
    assert worker.find_ids("loading") == [("one", True)]


def test_a_function_that_no_worker_called_runs_unchanged(app, worker):
    """So it is in other tests, and in the commands."""

    @observed_event
    def search(event: func.EventGridEvent) -> None:
        BackgroundLoader(lambda: log.info("loading"), wait_s=5).get()

    search(None)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(log.info, "elsewhere").result()
    assert worker.find_ids("loading") == worker.find_ids("elsewhere") == [(None, True)]
