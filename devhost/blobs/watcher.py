"""Watches containers and turns what changes into messages for the functions of blob triggers, and
into events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from devhost.blobs.dispatcher import Delivery
from devhost.blobs.messages import MAX_RECEIPT_NAME, BlobMessage
from devhost.blobs.publisher import EVENT_GRID, EventJobs
from devhost.blobs.queue import BlobQueue
from devhost.blobs.receipts import Receipts
from devhost.blobs.tracker import Changes, Tracker
from devhost.blobs.watches import Trigger, Watch
from devhost.io_threads import Blocking

log = logging.getLogger("devhost.blobs")

_LONGEST_PAUSE_S = 5.0

TOO_LONG = "its name is so long that Azure's host cannot note it in its own container, and ends"


class Player:
    def __init__(
        self,
        watches: Sequence[Watch],
        queue: BlobQueue,
        jobs: EventJobs,
        receipts: Receipts,
        blocking: Blocking,
    ) -> None:
        self.watches = watches
        self._queue = queue
        self._jobs = jobs
        self._receipts = receipts
        self._blocking = blocking
        self._delivery = Delivery()
        self._unsent: dict[str, deque[BlobMessage]] = {w.container.url: deque() for w in watches}

    def tasks(self) -> list[asyncio.Task[None]]:
        """Everything that runs until it is cancelled."""
        scans = [self._watch(watch) for watch in self.watches if watch.scanned]
        return [*self._delivery.workers(), *map(asyncio.create_task, scans)]

    @property
    def pending(self) -> int:
        """Changes that were noticed and are on no queue yet."""
        return self._delivery.pending + sum(map(len, self._unsent.values()))

    async def _watch(self, watch: Watch) -> None:
        try:
            await self._scan(watch)
        except Exception:
            log.exception("container %s is no longer watched", watch.container.name)

    async def _scan(self, watch: Watch) -> None:
        container, failures = watch.container, 0
        seen = await self._blocking(self._receipts.of, container.url)
        tracker = Tracker(_known(watch, seen), settle=container.settle)
        while True:
            started = time.monotonic()
            try:
                listing = await self._blocking(container.listing)
            except Exception as exc:
                failures += 1
                if failures == 1:
                    log.warning("container %s does not answer: %s", container.name, exc)
                await asyncio.sleep(min(container.every_s * 2**failures, _LONGEST_PAUSE_S))
                continue
            if failures:
                log.info("container %s answers again", container.name)
                failures = 0
            self._take_note(watch, tracker.observe(listing), seen)
            await self._send(watch)
            # listing takes at most a tenth of a core, however big the container is
            await asyncio.sleep(max(container.every_s, 9 * (time.monotonic() - started)))

    def _take_note(self, watch: Watch, changes: Changes, seen: dict[str, dict[str, str]]) -> None:
        container = watch.container
        for blob in changes.deleted:
            self._delivery.put(self._jobs.tell_deleted(watch, blob))
        for blob, etag in changes.changed.items():
            receipts = seen.pop(blob, {})  # they matter once; then the tracker knows
            if watch.tells_created and receipts.get(EVENT_GRID) != etag:
                self._delivery.put(self._jobs.tell_created(watch, blob, etag=etag))
            for trigger in watch.triggers:
                name = trigger.function.name
                if trigger.pattern.fullmatch(blob) and receipts.get(name) != etag:
                    message = BlobMessage(name, container.name, blob, etag)
                    if _ends_azures_host(trigger, message):
                        log.error("%s/%s is not delivered: %s", container.name, blob, TOO_LONG)
                    else:
                        self._unsent[container.url].append(message)

    async def _send(self, watch: Watch) -> None:
        """Puts on the queue what was noticed; what cannot be put there waits for the next scan."""
        unsent = self._unsent[watch.container.url]
        try:
            while unsent:
                await self._blocking(self._put, watch, unsent[0])
                unsent.popleft()
        except Exception:
            log.exception("%d changes of blobs cannot be put on their queue yet", len(unsent))

    def _put(self, watch: Watch, message: BlobMessage) -> None:
        """On the queue first: a host killed in between delivers the blob again."""
        self._queue.send(message)
        self._receipts.put(watch.container.url, message.blob, message.function, message.etag)

    def has(self, function: str) -> bool:
        """Whether this blob trigger is played; unlike elsewhere the case of names counts."""
        return any(True for _ in self._named(function))

    async def posted(self, function: str, container: str, blob: str, etag: str) -> None:
        """An Event Grid post: on disk when this returns, since it is then acknowledged.

        Delivered without a look at receipts or at the trigger's path, as the host does.
        """
        for watch, trigger in self._named(function):
            if watch.container.name != container or not trigger.pattern.fullmatch(blob):
                log.warning("%s/%s is not in the path of %s", container, blob, function)
            await self._blocking(self._queue.send, BlobMessage(function, container, blob, etag))

    def _named(self, function: str) -> Iterator[tuple[Watch, Trigger]]:
        for watch in self.watches:
            for trigger in watch.triggers:
                if trigger.function.name == function:
                    yield watch, trigger


def _ends_azures_host(trigger: Trigger, message: BlobMessage) -> bool:
    is_scanned_there = trigger.function.trigger.get("source") != "EventGrid"
    return is_scanned_there and message.receipt_length > MAX_RECEIPT_NAME


def _known(watch: Watch, seen: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What the tracker starts from: an etag only where every function had that one."""
    names = {trigger.function.name for trigger in watch.triggers}
    names |= {EVENT_GRID} if watch.tells_created else set()
    return {
        blob: next(iter(etags.values()))
        if names <= etags.keys() and len(set(etags.values())) == 1
        else ""
        for blob, etags in seen.items()
    }
