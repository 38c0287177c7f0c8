"""Prepares storage's events for their queue: what Event Grid does for one change of a blob."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from devhost.blobs.dispatcher import EventTask
from devhost.blobs.events import make_created_event, make_deleted_event
from devhost.blobs.receipts import BlobReceipts
from devhost.blobs.watches import ContainerWatch
from devhost.io_threads import IoThreads
from devhost.queues import MessageEncoding

EVENT_GRID = "Event Grid"
"""Stands in the receipts for the function's name, for events that were put on the queue."""


@dataclass(frozen=True, slots=True)
class EventPublisher:
    io_threads: IoThreads
    receipts: BlobReceipts
    encoding: MessageEncoding

    def prepare_created(self, watch: ContainerWatch, blob: str, *, etag: str) -> EventTask:
        container = watch.container

        async def send() -> None:
            await self._put_event(watch, make_created_event(container, blob, etag))
            await self.io_threads.run(self.receipts.put, container.url, blob, EVENT_GRID, etag)

        return self._make_task(watch, blob, f"created {container.name}/{blob}", send)

    def prepare_deleted(self, watch: ContainerWatch, blob: str) -> EventTask:
        container = watch.container

        async def send() -> None:
            await self._put_event(watch, make_deleted_event(container, blob))
            await self.io_threads.run(self.receipts.delete, container.url, blob)

        return self._make_task(watch, blob, f"deleted {container.name}/{blob}", send)

    async def _put_event(self, watch: ContainerWatch, event: dict[str, Any]) -> None:
        if watch.event_queue is not None:
            text = self.encoding.encode(json.dumps(event, ensure_ascii=False))
            await self.io_threads.run(watch.event_queue.put, text)

    def _make_task(
        self, watch: ContainerWatch, blob: str, change: str, send: Callable[[], Awaitable[None]]
    ) -> EventTask:
        label = f"{change} -> {watch.event_queue.location if watch.event_queue else 'nobody'}"
        # one key for both kinds: a newer event of the blob replaces one that still waits
        return EventTask((watch.container.url, blob), label, send)
