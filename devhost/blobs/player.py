"""Watches the containers of the blob triggers and turns what changes into deliveries."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from devhost.blobs.containers import Container, Content
from devhost.blobs.delivery import Delivery, Job
from devhost.blobs.receipts import Receipts
from devhost.blobs.tracker import Tracker
from devhost.blobs.values import blob_deleted, blob_value, event_value
from devhost.indexing import Indexed
from devhost.invoking import Invocation, Invoker

log = logging.getLogger("devhost.blobs")

T = TypeVar("T")

_LONGEST_PAUSE_S = 5.0


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


class Player:
    def __init__(
        self,
        watches: Sequence[Watch],
        on_delete: Sequence[Indexed],
        *,
        invoke: Invoker,
        receipts: Receipts,
        delivery: Delivery,
    ) -> None:
        self.watches = watches
        self.delivery = delivery
        self._on_delete = on_delete
        self._invoke = invoke
        self._receipts = receipts
        self._io = ThreadPoolExecutor(4, thread_name_prefix="devhost-io")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = self.delivery.workers()
        tasks += [
            asyncio.create_task(self._watch(watch)) for watch in self.watches if watch.scanned
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._io.shutdown(wait=False, cancel_futures=True)

    async def _watch(self, watch: Watch) -> None:
        try:
            await self._scan(watch)
        except Exception:
            log.exception("container %s is no longer watched", watch.container.name)

    async def _scan(self, watch: Watch) -> None:
        container, failures = watch.container, 0
        seen = await self._on_io(self._receipts.of, container.url)
        tracker = Tracker(_known(watch, seen), settle=container.settle)
        while True:
            started = time.monotonic()
            try:
                listing = await self._on_io(container.listing)
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
                self._deleted(watch, blob)
            for blob, etag in changes.changed.items():
                receipts = seen.pop(blob, {})  # they matter once; then the tracker knows
                for trigger in watch.triggers:
                    had = receipts.get(trigger.function.name)
                    if trigger.pattern.fullmatch(blob) and had != etag:
                        self._changed(watch, trigger.function, blob, etag)
            # listing takes at most a tenth of a core, however big the container is
            await asyncio.sleep(max(container.every_s, 9 * (time.monotonic() - started)))

    def has(self, function: str) -> bool:
        """Whether this blob trigger is played; names compare without case."""
        return any(True for _ in self._named(function))

    def posted(self, function: str, container: str, blob: str) -> None:
        """An Event Grid post: delivered without a look at receipts, as the host does."""
        for watch, trigger in self._named(function):
            if watch.container.name == container and trigger.pattern.fullmatch(blob):
                self._changed(watch, trigger.function, blob, "")

    def _named(self, function: str) -> Iterator[tuple[Watch, Trigger]]:
        for watch in self.watches:
            for trigger in watch.triggers:
                if trigger.function.name.casefold() == function:
                    yield watch, trigger

    def _changed(self, watch: Watch, function: Indexed, blob: str, etag: str) -> None:
        """Queues the delivery; ``etag`` is what its receipt will say, empty for none."""
        container = watch.container

        def begin() -> Content | None:
            content = container.read(blob)
            if content is not None and etag:
                # a host killed from here on must notice if the blob is deleted meanwhile
                self._receipts.begin(container.url, blob, function.name)
            return content

        async def run() -> None:
            content = await self._on_io(begin)
            if content is not None:  # else the host ignores the event too
                value = blob_value(function, container, blob, content)
                await self._invoke(Invocation(function), value)
                if etag:
                    await note(etag)

        async def note(etag: str) -> None:
            await self._on_io(self._receipts.put, container.url, blob, function.name, etag)

        async def give_up() -> None:
            await note("")

        label = f"blob   {container.name}/{blob} -> {function.name}"
        key = (function.name, container.url, blob)
        self.delivery.put(Job(key, label, run, give_up))

    def _deleted(self, watch: Watch, blob: str) -> None:
        container = watch.container

        async def run() -> None:
            for function in self._on_delete:
                event = event_value(blob_deleted(function, container, blob))
                await self._invoke(Invocation(function), event)
            await self._on_io(self._receipts.forget, container.url, blob)

        async def give_up() -> None:
            """Its receipts stay, so the next start notices again."""

        names = ", ".join(function.name for function in self._on_delete) or "no function"
        label = f"delete {container.name}/{blob} -> {names}"
        self.delivery.put(Job(("", container.url, blob), label, run, give_up))

    async def _on_io(self, call: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._io, call, *arguments)


def _known(watch: Watch, seen: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What the tracker starts from: an etag only where every function had that one."""
    names = {trigger.function.name for trigger in watch.triggers}
    return {
        blob: next(iter(etags.values()))
        if names <= etags.keys() and len(set(etags.values())) == 1
        else ""
        for blob, etags in seen.items()
    }
