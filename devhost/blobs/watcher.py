"""Watches containers, and turns changes into messages for blob triggers and into events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from devhost.blobs.dispatcher import EventDispatcher
from devhost.blobs.messages import MAX_RECEIPT_NAME, BlobMessage
from devhost.blobs.publisher import EVENT_GRID, EventPublisher
from devhost.blobs.queue import BlobQueue
from devhost.blobs.receipts import BlobReceipts
from devhost.blobs.tracker import BlobChanges, ChangeTracker
from devhost.blobs.watches import BlobTrigger, ContainerWatch
from devhost.io_threads import IoThreads

log = logging.getLogger("devhost.blobs")

_LONGEST_PAUSE_S = 5.0

NAME_TOO_LONG = "Azure's host would end, since it cannot note such a long name in its container"


class ContainerWatcher:
    def __init__(
        self,
        watches: Sequence[ContainerWatch],
        queue: BlobQueue,
        publisher: EventPublisher,
        receipts: BlobReceipts,
        io_threads: IoThreads,
    ) -> None:
        self.watches = watches
        self._queue = queue
        self._publisher = publisher
        self._receipts = receipts
        self._io_threads = io_threads
        self._dispatcher = EventDispatcher()
        self._unsent: dict[str, deque[BlobMessage]] = {w.container.url: deque() for w in watches}

    def start(self) -> list[asyncio.Task[None]]:
        """Returns tasks that run until they are cancelled."""
        scans = [self._watch(watch) for watch in self.watches if watch.is_scanned]
        return [*self._dispatcher.start(), *map(asyncio.create_task, scans)]

    @property
    def pending_count(self) -> int:
        """Counts the changes that are not on a queue yet."""
        return self._dispatcher.pending_count + sum(map(len, self._unsent.values()))

    async def _watch(self, watch: ContainerWatch) -> None:
        try:
            await self._scan(watch)
        except Exception:
            log.exception("container %s is no longer watched", watch.container.name)

    async def _scan(self, watch: ContainerWatch) -> None:
        container, failures = watch.container, 0
        receipts = await self._io_threads.run(self._receipts.read_etags, container.url)
        known = _merge_receipts(watch, receipts)
        tracker = ChangeTracker(known, settle=container.shows_partial_blobs)
        while True:
            started = time.monotonic()
            try:
                listing = await self._io_threads.run(container.list_etags)
            except Exception as exc:
                failures += 1
                if failures == 1:
                    log.warning("container %s does not answer: %s", container.name, exc)
                await asyncio.sleep(min(container.scan_interval_s * 2**failures, _LONGEST_PAUSE_S))
                continue
            if failures:
                log.info("container %s answers again", container.name)
                failures = 0
            self._handle_changes(watch, tracker.observe(listing), receipts)
            await self._send_messages(watch)
            # listing takes at most a tenth of a core, however big the container is
            await asyncio.sleep(max(container.scan_interval_s, 9 * (time.monotonic() - started)))

    def _handle_changes(
        self, watch: ContainerWatch, changes: BlobChanges, receipts: dict[str, dict[str, str]]
    ) -> None:
        container = watch.container
        for blob in changes.deleted:
            self._dispatcher.put(self._publisher.prepare_deleted(watch, blob))
        for blob, etag in changes.changed.items():
            sent = receipts.pop(blob, {})  # of use once; then the tracker knows the blob
            if watch.reports_created and sent.get(EVENT_GRID) != etag:
                self._dispatcher.put(self._publisher.prepare_created(watch, blob, etag=etag))
            for trigger in watch.triggers:
                name = trigger.function.name
                if trigger.pattern.fullmatch(blob) and sent.get(name) != etag:
                    message = BlobMessage(name, container.name, blob, etag)
                    if _ends_azures_host(trigger, message):
                        log.error("%s/%s is not delivered: %s", container.name, blob, NAME_TOO_LONG)
                    else:
                        self._unsent[container.url].append(message)

    async def _send_messages(self, watch: ContainerWatch) -> None:
        """Puts messages on the queue; those that cannot be put there wait for the next scan."""
        unsent = self._unsent[watch.container.url]
        try:
            while unsent:
                await self._io_threads.run(self._send_message, watch, unsent[0])
                unsent.popleft()
        except Exception:
            log.exception("%d changed blobs cannot be put on their queue yet", len(unsent))

    def _send_message(self, watch: ContainerWatch, message: BlobMessage) -> None:
        """Writes the queue before the receipt: a host killed in between delivers the blob again."""
        self._queue.send(message)
        self._receipts.put(watch.container.url, message.blob, message.function, message.etag)

    def has_trigger(self, function: str) -> bool:
        """The case of the name matters here, unlike elsewhere."""
        return any(True for _ in self._find_triggers(function))

    async def accept_post(self, function: str, container: str, blob: str, etag: str) -> None:
        """Takes an Event Grid post. It is on disk when this returns, since the post is then
        acknowledged; as in Azure, neither receipts nor the trigger's path are checked."""
        for watch, trigger in self._find_triggers(function):
            if watch.container.name != container or not trigger.pattern.fullmatch(blob):
                log.warning("%s/%s is not in the path of %s", container, blob, function)
            await self._io_threads.run(
                self._queue.send, BlobMessage(function, container, blob, etag)
            )

    def _find_triggers(self, function: str) -> Iterator[tuple[ContainerWatch, BlobTrigger]]:
        for watch in self.watches:
            for trigger in watch.triggers:
                if trigger.function.name == function:
                    yield watch, trigger


def _ends_azures_host(trigger: BlobTrigger, message: BlobMessage) -> bool:
    is_scanned_there = trigger.function.trigger.get("source") != "EventGrid"
    return is_scanned_there and message.receipt_length > MAX_RECEIPT_NAME


def _merge_receipts(
    watch: ContainerWatch, receipts: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Returns the etags that the tracker starts with; an etag counts where every function received
    it, else it is empty."""
    names = {trigger.function.name for trigger in watch.triggers}
    names |= {EVENT_GRID} if watch.reports_created else set()
    return {
        blob: next(iter(etags.values()))
        if names <= etags.keys() and len(set(etags.values())) == 1
        else ""
        for blob, etags in receipts.items()
    }
