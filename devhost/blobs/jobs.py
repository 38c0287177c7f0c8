"""What is done for one change of a blob: read it, call the function, keep the receipt, or put an
event on the queue; and what becomes of it when that fails for good."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from devhost.blobs.containers import Container, Content
from devhost.blobs.delivery import Job, event_pause_s, retry_pause_s
from devhost.blobs.events import blob_created, blob_deleted
from devhost.blobs.receipts import Receipts
from devhost.blobs.values import blob_value
from devhost.blocking import Blocking
from devhost.indexing import Indexed
from devhost.invoking import Invocation, Invoker
from devhost.queues.messages import Encoding, Queue
from devhost.queues.services import HOST_CONNECTION, QueueServices

POISON_QUEUE = "webjobs-blobtrigger-poison"
EVENT_GRID = "Event Grid"
"""Stands for a function's name in the receipts of events that are on a queue."""

EVENT_GRID_ATTEMPTS = 30
"""Event Grid's own; it gives up after a day at the latest, we sooner."""


@dataclass(frozen=True, slots=True)
class Trigger:
    function: Indexed
    pattern: re.Pattern[str]
    """What a blob's name must match."""


@dataclass(frozen=True, slots=True)
class Watch:
    container: Container
    triggers: Sequence[Trigger]
    scanned: bool = True
    """False: waits for Event Grid posts instead."""
    connection: str = HOST_CONNECTION
    events: Queue | None = None
    """Where storage's events go; None: nobody has subscribed."""

    @property
    def tells_created(self) -> bool:
        """Whether events tell of new blobs, too: a blob trigger, where there is one, is told by
        the scan."""
        return self.events is not None and not self.triggers


@dataclass(frozen=True, slots=True)
class Jobs:
    invoke: Invoker
    blocking: Blocking
    receipts: Receipts
    queues: QueueServices
    encoding: Encoding
    attempts: int
    """``poisonBlobThreshold``"""

    def changed(
        self, watch: Watch, function: Indexed, blob: str, *, etag: str, receipt: str = ""
    ) -> Job:
        """``etag`` is the event's; ``receipt`` what is noted once it is done, empty for none."""
        container, name = watch.container, function.name
        began_at = 0

        def begin() -> Content | None:
            nonlocal began_at
            began_at = self.receipts.last_post()  # what is posted from now on comes again
            content = container.read(blob)
            if content is not None and watch.scanned:
                # a host killed from here on must notice if the blob is deleted meanwhile
                self.receipts.begin(container.url, blob, name)
            return content

        def end() -> None:
            if receipt:
                self.receipts.put(container.url, blob, name, receipt)
            if began_at:
                self.receipts.forget_posts(container.url, blob, name, up_to=began_at)

        async def run() -> None:
            content = await self.blocking(begin)
            if content is not None:  # else the host ignores the event too
                value = blob_value(function, container, blob, content)
                await self.invoke(Invocation(function), value)
            if content is not None or began_at:
                await self.blocking(end)

        async def give_up() -> str:
            queue = self.queues.queue(watch.connection, POISON_QUEUE)
            message = self.encoding.encode(poison_message(function, container, blob, etag))
            await self.blocking(queue.put, message)
            await self.blocking(end)
            return f"it is on the queue {POISON_QUEUE}"

        label = f"blob   {container.name}/{blob} -> {name}"
        pause_s = retry_pause_s()
        key = (name, container.url, blob)
        return Job(key, label, run, give_up, self.attempts, lambda _: pause_s)

    def created(self, watch: Watch, blob: str, *, etag: str) -> Job:
        container = watch.container

        async def run() -> None:
            await self._put_event(watch, blob_created(container, blob, etag))
            await self.blocking(self.receipts.put, container.url, blob, EVENT_GRID, etag)

        return self._event_job(watch, blob, f"created {container.name}/{blob}", run)

    def deleted(self, watch: Watch, blob: str) -> Job:
        container = watch.container

        async def run() -> None:
            await self._put_event(watch, blob_deleted(container, blob))
            await self.blocking(self.receipts.forget, container.url, blob)

        return self._event_job(watch, blob, f"deleted {container.name}/{blob}", run)

    async def _put_event(self, watch: Watch, event: dict[str, Any]) -> None:
        if watch.events is not None:
            text = self.encoding.encode(json.dumps(event, ensure_ascii=False))
            await self.blocking(watch.events.put, text)

    def _event_job(
        self, watch: Watch, blob: str, what: str, run: Callable[[], Awaitable[None]]
    ) -> Job:
        async def give_up() -> str:
            return "the next start notices it again"  # since its receipts say nothing of it

        label = f"{what} -> {watch.events.where if watch.events else 'nobody'}"
        # one key for both kinds: of what happened to a blob, the latest is told last
        key = ("", watch.container.url, blob)
        return Job(key, label, run, give_up, EVENT_GRID_ATTEMPTS, event_pause_s)


def poison_message(function: Indexed, container: Container, blob: str, etag: str) -> str:
    """The host's BlobTriggerMessage, as it lies on the poison queue."""
    return json.dumps(
        {
            "Type": "BlobTrigger",
            "FunctionId": f"Host.Functions.{function.name}",
            "BlobType": "BlockBlob",
            "ContainerName": container.name,
            "BlobName": blob,
            "ETag": etag,
        },
        ensure_ascii=False,
    )
