"""Watches containers and turns what changes into deliveries to functions, or to the queue of
events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence

from devhost.blobs.delivery import Delivery
from devhost.blobs.jobs import EVENT_GRID, Jobs, Trigger, Watch
from devhost.blobs.receipts import Post
from devhost.blobs.tracker import Tracker

log = logging.getLogger("devhost.blobs")

_LONGEST_PAUSE_S = 5.0


class Player:
    def __init__(self, watches: Sequence[Watch], jobs: Jobs, delivery: Delivery) -> None:
        self.watches = watches
        self.delivery = delivery
        self._jobs = jobs
        self._receipts = jobs.receipts
        self._blocking = jobs.blocking

    def tasks(self) -> list[asyncio.Task[None]]:
        """Everything that runs until it is cancelled."""
        for post in self._receipts.posts():  # accepted by a host that was killed
            self._deliver_post(post)
        scans = [self._watch(watch) for watch in self.watches if watch.scanned]
        return [*self.delivery.workers(), *map(asyncio.create_task, scans)]

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
            changes = tracker.observe(listing)
            for blob in changes.deleted:
                self.delivery.put(self._jobs.deleted(watch, blob))
            for blob, etag in changes.changed.items():
                receipts = seen.pop(blob, {})  # they matter once; then the tracker knows
                if watch.tells_created and receipts.get(EVENT_GRID) != etag:
                    self.delivery.put(self._jobs.created(watch, blob, etag=etag))
                for trigger in watch.triggers:
                    had = receipts.get(trigger.function.name)
                    if trigger.pattern.fullmatch(blob) and had != etag:
                        job = self._jobs.changed(
                            watch, trigger.function, blob, etag=etag, receipt=etag
                        )
                        self.delivery.put(job)
            # listing takes at most a tenth of a core, however big the container is
            await asyncio.sleep(max(container.every_s, 9 * (time.monotonic() - started)))

    def has(self, function: str) -> bool:
        """Whether this blob trigger is played; unlike elsewhere the case of names counts."""
        return any(True for _ in self._named(function))

    async def posted(self, function: str, container: str, blob: str, etag: str) -> None:
        """An Event Grid post: on disk when this returns, since it is then acknowledged.

        Delivered without a look at receipts, as the host does.
        """
        for watch, trigger in self._named(function):
            if watch.container.name == container and trigger.pattern.fullmatch(blob):
                post = Post(watch.container.url, blob, trigger.function.name, etag)
                await self._blocking(self._receipts.keep_post, post)
                self._deliver_post(post)

    def _deliver_post(self, post: Post) -> None:
        for watch, trigger in self._named(post.function):
            if watch.container.url == post.container:
                job = self._jobs.changed(watch, trigger.function, post.blob, etag=post.etag)
                self.delivery.put(job)

    def _named(self, function: str) -> Iterator[tuple[Watch, Trigger]]:
        for watch in self.watches:
            for trigger in watch.triggers:
                if trigger.function.name == function:
                    yield watch, trigger


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
