"""One long outage of the index, in which pictures come, change and go, and the host is killed: all
of it must be right soon after the index is back, with no failure recorded and nobody's help."""

import random
import time
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient

from shared_code.wiring import EVENT_QUEUE
from tests.chaos.pictures import Pictures
from tests.chaos.plan import Content, Plan
from tests.chaos.qdrant import FAILING, HANGING, REFUSING, Index, running_index
from tests.chaos.storm import Result, empty, encoder, environ_of, say
from tests.chaos.verdict import Expected, Found, complaints, failures_of
from tests.chaos.weather import Hosts
from tests.real import Azurite

ON_THE_DAY = 24.0
"""Hours of patience, as it is unless a setting says otherwise."""


@dataclass(frozen=True)
class Outage:
    seed: int
    lasts_s: float = 120.0
    patience_h: float = ON_THE_DAY
    dropped: int = 240
    overwritten: int = 20
    deleted: int = 20
    kills: int = 2
    over_within_s: float = 60.0


class LongOutage:
    def __init__(self, outage: Outage, azurite: Azurite, index: Index, folder: Path) -> None:
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
            **environ_of(index),
        }
        self._hosts = Hosts(folder, self._environ)
        self._rng = random.Random(outage.seed)
        self._pictures = Pictures(self._rng)
        self._service = BlobServiceClient.from_connection_string(account)
        self._queue = QueueClient.from_connection_string(account, EVENT_QUEUE)

    def run(self) -> Result:
        outage = self._outage
        empty(self._queue)
        with self._service, self._queue:
            container = self._service.create_container(self._environ["IMAGES_CONTAINER"])
            self._hosts.start()
            try:
                there = self._put(container, "old", outage.overwritten + outage.deleted)
                wrong = self._settle(container, there)[0]
                self._index.fail(self._rng.choice([REFUSING, HANGING, FAILING]))
                say(f"{len(there)} pictures are there; the index is away: {self._index.outage}")
                end = self._change(container, there)
                self._index.up()
                still_wrong, took_s = self._settle(container, end)
                wrong += still_wrong
                say(f"right {took_s:.0f} s after the index is back")
                self._hosts.stop()
            finally:
                self._hosts.kill()
        logs = "".join(log.read_text(errors="replace") for log in self._hosts.logs())
        for words in ("Given up after", "a fault of this app", "cannot be put off"):
            if words in logs:
                wrong.append(f"the log tells of {logs.count(words)} times {words!r}")
        return Result(
            wrong,
            {
                "seed": outage.seed,
                "seconds without an index": outage.lasts_s,
                "pictures in the end": len(end),
                "kills": self._hosts.kills,
                "looks put off": logs.count(": looked at again in "),
                "right after seconds": round(took_s, 1),
            },
        )

    def _change(self, container: ContainerClient, there: dict[str, Content]) -> dict[str, Content]:
        """Everything that happens while the index is away; returns what is there in the end."""
        outage, began = self._outage, time.monotonic()
        moments = [outage.lasts_s * (n + 1) / (outage.kills + 1) for n in range(outage.kills)]
        names = sorted(there)
        self._rng.shuffle(names)
        gone, changed = names[: outage.deleted], names[outage.deleted :]
        end = {blob: content for blob, content in there.items() if blob not in gone}
        for blob in gone:
            container.delete_blob(blob)
        for blob in changed:
            end[blob] = self._upload(container, blob)
        end |= self._put(container, "new", outage.dropped)
        for moment in moments:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            self._hosts.kill()
            self._hosts.start()
        time.sleep(max(0.0, began + outage.lasts_s - time.monotonic()))
        return end

    def _put(self, container: ContainerClient, kind: str, count: int) -> dict[str, Content]:
        blobs = [f"{kind}-{number}/front.webp" for number in range(count)]
        return {blob: self._upload(container, blob) for blob in blobs}

    def _upload(self, container: ContainerClient, blob: str) -> Content:
        content = Content(self._pictures.next(), "picture")
        container.upload_blob(blob, content.data, overwrite=True)
        return content

    def _settle(
        self, container: ContainerClient, end: dict[str, Content]
    ) -> tuple[list[str], float]:
        """Waits until all is as it should be, or too long; what is wrong, and the seconds."""
        began = time.monotonic()
        expected = Expected(Plan([], end), container, encoder())
        while True:
            wrong = complaints(expected, Found.now(self._index.server, self._hosts.url))
            took_s = time.monotonic() - began
            if not wrong or took_s > self._outage.over_within_s:
                failures = list(failures_of(self._hosts.url))
                return wrong + [f"a failure is recorded: {each}" for each in failures], took_s
            time.sleep(0.5)


def run_outage(outage: Outage, azurite: Azurite, folder: Path) -> Result:
    with running_index() as index:
        return LongOutage(outage, azurite, index, folder).run()
