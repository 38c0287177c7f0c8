"""What is done for one blob event: read the blob, call the function, keep the receipt; and what
becomes of an event that fails for good."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from devhost.blobs.containers import Container, Content
from devhost.blobs.delivery import Job
from devhost.blobs.receipts import Receipts
from devhost.blobs.values import blob_deleted, blob_value, event_value
from devhost.blocking import Blocking
from devhost.indexing import Indexed
from devhost.invoking import Invocation, Invoker
from devhost.queues.messages import Encoding
from devhost.queues.services import HOST_CONNECTION, QueueServices

POISON_QUEUE = "webjobs-blobtrigger-poison"
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


@dataclass(frozen=True, slots=True)
class Jobs:
    invoke: Invoker
    blocking: Blocking
    receipts: Receipts
    queues: QueueServices
    encoding: Encoding
    on_delete: Sequence[Indexed]
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
        return Job((name, container.url, blob), label, run, give_up, self.attempts)

    def deleted(self, watch: Watch, blob: str) -> Job:
        container = watch.container

        async def run() -> None:
            for function in self.on_delete:
                event = event_value(blob_deleted(function, container, blob))
                await self.invoke(Invocation(function), event)
            await self.blocking(self.receipts.forget, container.url, blob)

        async def give_up() -> str:
            return "the next start notices the delete again"  # since its receipts stay

        names = ", ".join(function.name for function in self.on_delete) or "no function"
        label = f"delete {container.name}/{blob} -> {names}"
        return Job(("", container.url, blob), label, run, give_up, EVENT_GRID_ATTEMPTS)


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
