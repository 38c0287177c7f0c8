"""Runs the plan against a real Azurite, a host that is killed, and an index that goes away."""

import json
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient

from shared_code.adapters.clip.encoder import ClipEncoder
from shared_code.settings import EVENT_QUEUE, Settings
from shared_code.wiring import open_encoder
from tests.chaos.events import EventGrid
from tests.chaos.pictures import MAX_UPLOAD_MB
from tests.chaos.plan import Planner, count_steps, product_of
from tests.chaos.qdrant import FAILING, ChaosIndex, running_index
from tests.chaos.verdict import (
    ActualState,
    ExpectedState,
    find_complaints,
    find_least_cosine,
    list_failures,
)
from tests.chaos.weather import Hosts, Killer, Outages
from tests.local_services import Azurite

GIVEN_UP_COUNT = 3
"""Pictures that are uploaded again while the index is away for longer than the patience."""

PATIENCE_H = 180 / 3600
"""Longer than the whole storm: an event that is put off queues behind others when it comes back,
and may then meet the next outage."""

SHORT_PATIENCE_H = 4 / 3600

GIVEN_UP_REASON = r"Given up after \d+ tries since .* UTC: .*Qdrant fails or is overloaded"

QUIET_S = 3.0
"""Longer than two scans of the container."""


@dataclass(frozen=True)
class StormOptions:
    seed: int
    pictures: int = 300
    kills: int = 8
    outages: int = 3
    per_second: float = 8.0
    settle_timeout_s: float = 180.0
    source: str = "Queue"
    """BLOB_TRIGGER_SOURCE: the queue alone, as it is deployed, or the blob trigger too."""


@dataclass(frozen=True)
class ChaosResult:
    complaints: list[str]
    tally: dict[str, object]

    def text(self) -> str:
        return json.dumps(self.tally, indent=1, ensure_ascii=False)


def print_progress(text: str) -> None:
    print(f"chaos: {text}", file=sys.stderr, flush=True)


class Storm:
    def __init__(
        self, options: StormOptions, azurite: Azurite, index: ChaosIndex, folder: Path
    ) -> None:
        self._options = options
        self._index = index
        account = azurite.connection_string
        self._plan = Planner(options.seed, options.pictures).plan(per_second=options.per_second)
        self._environ = self._make_environ(account)
        self._hosts = Hosts(folder, self._environ)
        self._outages = Outages(index, options.outages, self._plan.span_s, options.seed)
        self._service = BlobServiceClient.from_connection_string(account)
        self._queue = QueueClient.from_connection_string(account, EVENT_QUEUE)
        self._retried = 0

    def _make_environ(self, account: str) -> dict[str, str]:
        container = f"chaos-{self._options.seed}-{time.time_ns()}"
        return {
            "AzureWebJobsStorage": account,
            "IMAGES_CONTAINER": container,
            "FAILURES_CONTAINER": f"{container}-failed",
            "THUMBNAILS_CONTAINER": f"{container}-small",
            "STATE_CONTAINER": f"{container}-state",
            "BLOB_TRIGGER_SOURCE": self._options.source,
            "EVENT_PATIENCE_H": str(PATIENCE_H),
            **make_index_environ(self._index),
        }

    def run(self) -> ChaosResult:
        started = time.monotonic()
        clear_queue(self._queue)
        with (
            self._service,
            self._queue,
            EventGrid(self._queue, self._options.seed) as events,
        ):
            container = self._service.create_container(self._environ["IMAGES_CONTAINER"])
            self._hosts.start()
            try:
                self._run_weather(container, events)
                print_progress(f"the storm is over after {time.monotonic() - started:.0f} s")
                self._wait_until_quiet(events)
                complaints = self._check_no_failures()
                complaints += self._check_giving_up(container)
                expected = ExpectedState(self._plan, container, load_encoder())
                actual, unsettled = self._settle(expected, events)
                complaints += unsettled
                self._hosts.stop()
            finally:
                self._hosts.kill()
        if self._hosts.ended_by_themselves:
            complaints.append(f"the host ended by itself {self._hosts.ended_by_themselves} times")
        seconds = time.monotonic() - started
        return ChaosResult(complaints, self._make_tally(expected, actual, events, seconds))

    def _run_weather(self, container: ContainerClient, events: EventGrid) -> None:
        """Runs steps, kills and outages at the same time, until all of them are over."""
        killer = Killer(self._hosts, self._options.kills, self._plan.span_s, self._options.seed)
        with ThreadPoolExecutor(3) as pool:
            parts: list[Callable[[], None]] = [
                lambda: self._do_steps(container, events),
                killer.run,
                self._outages.run,
            ]
            for part in [pool.submit(part) for part in parts]:
                part.result()

    def _do_steps(self, container: ContainerClient, events: EventGrid) -> None:
        name = str(container.container_name)
        due = time.monotonic()
        for step in self._plan.steps:
            blob = container.get_blob_client(step.blob)
            if step.content is None:
                blob.delete_blob()
            else:
                blob.upload_blob(step.content.data, overwrite=True, metadata=step.content.metadata)
            events.report(name, step.blob, blob.url, created=step.content is not None)
            due += step.pause_s
            time.sleep(max(0.0, due - time.monotonic()))

    def _check_no_failures(self) -> list[str]:
        """Outages and kills alone must not cause failures, which a person would have to retry."""
        bad = self._plan.bad()
        failures = [f for f in list_failures(self._hosts.url) if f["blob"] not in bad]
        return [f"{f['blob']}: an outage made it a failure ({f['reason']})" for f in failures]

    def _check_giving_up(self, container: ContainerClient) -> list[str]:
        """An outage that outlasts the patience must leave a failure with its cause for each
        picture. Returns complaints."""
        self._hosts.stop()
        self._hosts.start(EVENT_PATIENCE_H=str(SHORT_PATIENCE_H))
        self._index.fail(FAILING)
        missing = set(sorted(self._plan.good_pictures())[:GIVEN_UP_COUNT])
        for blob in missing:  # the same picture again, which cannot be indexed now
            content = self._plan.end[blob]
            container.upload_blob(blob, content.data, overwrite=True, metadata=content.metadata)
        deadline = time.monotonic() + self._options.settle_timeout_s
        while missing and time.monotonic() < deadline:
            failures = list(list_failures(self._hosts.url))
            missing -= {f["blob"] for f in failures if re.search(GIVEN_UP_REASON, f["reason"])}
            time.sleep(0.5)
        self._index.up()
        return [f"{blob}: was given up without a failure" for blob in sorted(missing)]

    def _settle(self, expected: ExpectedState, events: EventGrid) -> tuple[ActualState, list[str]]:
        """Waits for the end of the work, retries failures as a person would, and compares until
        there are no complaints or time is up."""
        deadline = time.monotonic() + self._options.settle_timeout_s
        while True:
            self._wait_until_quiet(events)
            self._retry_failures(expected)
            actual = ActualState.read(self._index.server, self._hosts.url)
            complaints = find_complaints(expected, actual)
            if not complaints or time.monotonic() > deadline:
                return actual, complaints

    def _wait_until_quiet(self, events: EventGrid) -> None:
        deadline = time.monotonic() + self._options.settle_timeout_s
        quiet_since = time.monotonic()
        while time.monotonic() < min(deadline, quiet_since + QUIET_S):
            status = httpx.get(f"{self._hosts.url}/admin/host/status", timeout=30).json()
            if status["pendingBlobEvents"] or not events.idle:
                quiet_since = time.monotonic()
            time.sleep(0.1)

    def _retry_failures(self, expected: ExpectedState) -> None:
        failures = list(list_failures(self._hosts.url))
        if all(failure["blob"] in expected.bad for failure in failures):
            return
        self._retried += sum(failure["blob"] not in expected.bad for failure in failures)
        cursor: str | None = None
        while True:
            params = {"limit": 50} | ({"cursor": cursor} if cursor else {})
            url = f"{self._hosts.url}/api/v1/index-failures/retry"
            cursor = httpx.post(url, params=params, timeout=60).raise_for_status().json()["cursor"]
            if cursor is None:
                return

    def _make_tally(
        self, expected: ExpectedState, actual: ActualState, events: EventGrid, seconds: float
    ) -> dict[str, object]:
        logs = "".join(log.read_text(errors="replace") for log in self._hosts.logs())
        return {
            "seed": self._options.seed,
            "blobs": dict(count_steps(self._plan)),
            "products touched": len({product_of(step.blob) for step in self._plan.steps}),
            "kills": self._hosts.kills,
            "outages of the index": dict(self._outages.tally),
            "seconds without an index": round(self._outages.seconds, 1),
            "Event Grid": dict(events.tally),
            "messages handled": logs.count("-> blob_events\n"),
            "looks put off": logs.count(": looked at again in "),
            "looks given up": logs.count(": Given up after "),
            "failures tried again on request": self._retried,
            "in the end": {
                "pictures indexed": len(expected.blobs),
                "products": len(expected.products),
                "failures with their reason": len(expected.bad),
                "points found": len(actual.points),
                "least cosine to the newest content": round(find_least_cosine(expected, actual), 5),
            },
            "seconds": round(seconds),
        }


def make_index_environ(index: ChaosIndex) -> dict[str, str]:
    return {
        "QDRANT_URL": index.server.url,
        "QDRANT_API_KEY": os.environ.get("QDRANT_TEST_API_KEY", ""),
        "QDRANT_COLLECTION": index.alias,
        "QDRANT_TIMEOUT_S": "1",
        "MAX_UPLOAD_MB": str(MAX_UPLOAD_MB),
        "DEVHOST_QUEUE_LEASE_S": "4",  # a killed host's messages come again soon
    }


def clear_queue(queue: QueueClient) -> None:
    """Creates the queue, or deletes the messages that other tests have left there."""
    try:
        queue.create_queue()
    except ResourceExistsError:
        queue.clear_messages()


def load_encoder() -> ClipEncoder:
    return open_encoder(Settings.from_env())


def run_storm(options: StormOptions, azurite: Azurite, folder: Path) -> ChaosResult:
    print_progress(f"seed {options.seed}, {options.pictures} pictures, {options.kills} kills")
    with running_index() as index:
        return Storm(options, azurite, index, folder).run()
