"""Storage's events on their way to the queue: what Event Grid does for one change of a blob."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from devhost.blobs.dispatcher import Job
from devhost.blobs.events import blob_created, blob_deleted
from devhost.blobs.receipts import Receipts
from devhost.blobs.watches import Watch
from devhost.io_threads import Blocking
from devhost.queues.messages import Encoding

EVENT_GRID = "Event Grid"
"""Stands for a function's name in the receipts of events that are on a queue."""


@dataclass(frozen=True, slots=True)
class EventJobs:
    blocking: Blocking
    receipts: Receipts
    encoding: Encoding

    def tell_created(self, watch: Watch, blob: str, *, etag: str) -> Job:
        container = watch.container

        async def run() -> None:
            await self._put_event(watch, blob_created(container, blob, etag))
            await self.blocking(self.receipts.put, container.url, blob, EVENT_GRID, etag)

        return self._event_job(watch, blob, f"created {container.name}/{blob}", run)

    def tell_deleted(self, watch: Watch, blob: str) -> Job:
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
        label = f"{what} -> {watch.events.where if watch.events else 'nobody'}"
        # one key for both kinds: of what happened to a blob, the latest is told last
        return Job((watch.container.url, blob), label, run)
