"""One long outage of the index, in which pictures come, change and go, and the host is killed: all
of it must be right soon after the index is back, with no failure recorded and nobody's help."""

import random
import time
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient

from shared_code.settings import EVENT_QUEUE
from tests.chaos.pictures import PictureSupply
from tests.chaos.plan import ChaosPlan, PlannedContent
from tests.chaos.qdrant import FAILING, HANGING, REFUSING, ChaosIndex, running_index
from tests.chaos.storm import (
    ChaosResult,
    clear_queue,
    load_encoder,
    make_index_environ,
    print_progress,
)
from tests.chaos.verdict import ActualState, ExpectedState, find_complaints, list_failures
from tests.chaos.weather import Hosts
from tests.local_services import Azurite

DEFAULT_PATIENCE_H = 24.0
"""The default of the setting."""


@dataclass(frozen=True)
class OutageOptions:
    seed: int
    lasts_s: float = 120.0
    patience_h: float = DEFAULT_PATIENCE_H
    dropped: int = 240
    overwritten: int = 20
    deleted: int = 20
    kills: int = 2
    recovery_timeout_s: float = 60.0


class LongOutage:
    def __init__(
        self, outage: OutageOptions, azurite: Azurite, index: ChaosIndex, folder: Path
    ) -> None:
        self._outage = outage
        self._index = index
        account = azurite.connection_string
        name = f"outage-{outage.seed}-{time.time_ns()}"
        self._environ = {
            "AzureWebJobsStorage": account,
            "IMAGES_CONTAINER": name,
            "FAILURES_CONTAINER": f"{name}-failed",
            "THUMBNAILS_CONTAINER": f"{name}-small",
            "STATE_CONTAINER": f"{name}-state",
            "BLOB_TRIGGER_SOURCE": "Queue",
            "EVENT_PATIENCE_H": str(outage.patience_h),
            **make_index_environ(index),
        }
        self._hosts = Hosts(folder, self._environ)
        self._rng = random.Random(outage.seed)
        self._pictures = PictureSupply(self._rng)
        self._service = BlobServiceClient.from_connection_string(account)
        self._queue = QueueClient.from_connection_string(account, EVENT_QUEUE)

    def run(self) -> ChaosResult:
        outage = self._outage
        clear_queue(self._queue)
        with self._service, self._queue:
            container = self._service.create_container(self._environ["IMAGES_CONTAINER"])
            self._hosts.start()
            try:
                existing = self._put(container, "old", outage.overwritten + outage.deleted)
                complaints = self._settle(container, existing)[0]
                self._index.fail(self._rng.choice([REFUSING, HANGING, FAILING]))
                print_progress(
                    f"{len(existing)} pictures are indexed; the index is away: {self._index.outage}"
                )
                end = self._change(container, existing)
                self._index.up()
                unsettled, seconds = self._settle(container, end)
                complaints += unsettled
                print_progress(f"right {seconds:.0f} s after the index came back")
                self._hosts.stop()
            finally:
                self._hosts.kill()
        logs = "".join(log.read_text(errors="replace") for log in self._hosts.logs())
        for text in ("Given up after", "a fault of this app", "cannot be put off"):
            if text in logs:
                complaints.append(f"the log has {text!r} {logs.count(text)} times")
        return ChaosResult(
            complaints,
            {
                "seed": outage.seed,
                "seconds without an index": outage.lasts_s,
                "pictures in the end": len(end),
                "kills": self._hosts.kills,
                "looks put off": logs.count(": looked at again in "),
                "right after seconds": round(seconds, 1),
            },
        )

    def _change(
        self, container: ContainerClient, existing: dict[str, PlannedContent]
    ) -> dict[str, PlannedContent]:
        """Changes pictures and kills hosts while the index is away; returns the final blobs."""
        outage, started = self._outage, time.monotonic()
        moments = [outage.lasts_s * (n + 1) / (outage.kills + 1) for n in range(outage.kills)]
        names = sorted(existing)
        self._rng.shuffle(names)
        deleted, changed = names[: outage.deleted], names[outage.deleted :]
        end = {blob: content for blob, content in existing.items() if blob not in deleted}
        for blob in deleted:
            container.delete_blob(blob)
        for blob in changed:
            end[blob] = self._upload(container, blob)
        end |= self._put(container, "new", outage.dropped)
        for moment in moments:
            time.sleep(max(0.0, started + moment - time.monotonic()))
            self._hosts.kill()
            self._hosts.start()
        time.sleep(max(0.0, started + outage.lasts_s - time.monotonic()))
        return end

    def _put(self, container: ContainerClient, kind: str, count: int) -> dict[str, PlannedContent]:
        blobs = [f"{kind}-{number}/front.webp" for number in range(count)]
        return {blob: self._upload(container, blob) for blob in blobs}

    def _upload(self, container: ContainerClient, blob: str) -> PlannedContent:
        content = PlannedContent(self._pictures.next(), "picture")
        container.upload_blob(blob, content.data, overwrite=True)
        return content

    def _settle(
        self, container: ContainerClient, end: dict[str, PlannedContent]
    ) -> tuple[list[str], float]:
        """Waits until everything is right or time is up; returns complaints, and the seconds."""
        started = time.monotonic()
        expected = ExpectedState(ChaosPlan([], end), container, load_encoder())
        while True:
            actual = ActualState.read(self._index.server, self._hosts.url)
            complaints = find_complaints(expected, actual)
            seconds = time.monotonic() - started
            if not complaints or seconds > self._outage.recovery_timeout_s:
                failures = list_failures(self._hosts.url)
                complaints += [f"a failure is recorded: {failure}" for failure in failures]
                return complaints, seconds
            time.sleep(0.5)


def run_outage(outage: OutageOptions, azurite: Azurite, folder: Path) -> ChaosResult:
    with running_index() as index:
        return LongOutage(outage, azurite, index, folder).run()
