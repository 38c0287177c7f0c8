"""Takes messages off a queue, has them worked on, and deals with those that fail as the host's
queue processor does (Microsoft.Azure.WebJobs.Extensions.Storage.Queues)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from typing import Protocol

from devhost.io_threads import Blocking
from devhost.project import QueueOptions
from devhost.queues.messages import Encoding, Message, Queue

log = logging.getLogger("devhost.queues")

_LEAST_PAUSE_S = 0.1


def read_lease_s() -> float:
    """For how long a message is hidden while its function runs; prolonged at half of it."""
    return float(os.environ.get("DEVHOST_QUEUE_LEASE_S", "") or 600.0)


def read_last_calls_s() -> float:
    """For how long a host that is asked to end waits for the functions that run; Azure's minute."""
    return float(os.environ.get("DEVHOST_LAST_CALLS_S", "") or 60.0)


class Work(Protocol):
    """What a listener does with its messages."""

    @property
    def has_poison_queue(self) -> bool:
        """False: what failed for good stays hidden until its lease ends, and comes again."""

    def describe(self, body: bytes) -> str:
        """What the message is about, for the log."""

    async def call(self, message: Message, body: bytes) -> bool:
        """Calls the function; whatever it raises comes through. Returns False for a message that
        asks for no call."""

    def poison_queue(self, body: bytes | None) -> Queue:
        """Where a message goes that failed for good; ``body`` None: one that cannot be read."""


class QueueListener:
    """Plays one trigger, or all blob triggers."""

    def __init__(self, queue: Queue, work: Work, options: QueueOptions, blocking: Blocking) -> None:
        self._queue = queue
        self._work = work
        self._options = options
        self._encoding = Encoding(options.base64)
        self._blocking = blocking
        self._lease_s = read_lease_s()
        self._longest_pause_s = min(options.longest_pause_s, queue.longest_pause_s)
        self._running: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Until it is told to end and the functions that run by then have ended. An empty queue is
        asked less and less often."""
        pause, complained = _LEAST_PAUSE_S, False
        while not self._ending.is_set():
            try:
                count = await self._next()
            except Exception as exc:
                if not complained:
                    log.warning("%s does not answer: %s", self._queue.where, exc)
                count, complained = 0, True
            else:
                complained = False
            pause = _LEAST_PAUSE_S if count else min(pause * 2, self._longest_pause_s)
            if not count:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._ending.wait()
        if self._running:
            await asyncio.wait(self._running)

    def end(self) -> None:
        """Has it take no more messages."""
        self._ending.set()
        if self._running:
            count = len(self._running)
            text = "Waiting for %d running functions of %s; Ctrl-C again ends at once"
            log.info(text, count, self._queue.where)

    async def _next(self) -> int:
        """Begins with up to a batch of messages; returns how many those were."""
        while len(self._running) > self._options.new_batch_threshold:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        if self._ending.is_set():
            return 0
        messages = await self._blocking(self._take)
        for message in messages:
            task = asyncio.create_task(self._process(message))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(messages)

    def _take(self) -> list[Message]:
        return self._queue.take(self._options.batch_size, hidden_s=self._lease_s)

    async def _process(self, message: Message) -> None:
        body = self._encoding.decode(message.text)
        label = f"queue  {self._queue.name}"
        try:
            if body is None:
                log.error("%s: the message is not in base64 (host.json: messageEncoding)", label)
                await self._move_to_poison(label, message, None)
                return
            label = self._work.describe(body)
            await self._work_on(label, message, body)
        except Exception:
            log.exception("%s: the message comes again", label)

    async def _work_on(self, label: str, message: Message, body: bytes) -> None:
        attempts, most = message.dequeue_count, self._options.max_dequeue_count
        has_poison_queue = self._work.has_poison_queue
        if attempts > most and has_poison_queue:  # hosts were killed while they ran it
            await self._move_to_poison(label, message, body)
            return
        lease = _Lease(self._queue, message, self._lease_s, self._blocking)
        async with lease:
            is_done = await self._succeeds(label, message, body)
        if is_done:
            await self._blocking(self._queue.delete, lease.message)
        elif attempts >= most:
            await self._move_to_poison(label, lease.message, body)
        elif has_poison_queue:
            again_s = self._options.visibility_timeout_s
            await self._blocking(self._queue.show_after, lease.message, again_s)

    async def _succeeds(self, label: str, message: Message, body: bytes) -> bool:
        try:
            was_called = await self._work.call(message, body)
        except Exception:
            log.exception("%s: attempt %d failed", label, message.dequeue_count)
            return False
        if was_called:
            log.info("%s", label)
        return True

    async def _move_to_poison(self, label: str, message: Message, body: bytes | None) -> None:
        if not self._work.has_poison_queue:
            return
        poison = self._work.poison_queue(body)
        await self._blocking(poison.put, message.text)
        await self._blocking(self._queue.delete, message)
        log.error("%s: the message is now on the queue %s", label, poison.name)


class _Lease:
    """Keeps a message hidden, for as long as the block runs."""

    def __init__(self, queue: Queue, message: Message, seconds: float, blocking: Blocking) -> None:
        self.message = message
        """With its current receipt."""
        self._queue = queue
        self._seconds = seconds
        self._blocking = blocking

    async def __aenter__(self) -> None:
        self._keeping = asyncio.create_task(self._keep())

    async def __aexit__(self, *_: object) -> None:
        self._keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._keeping

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / 2)
            try:
                self.message = await self._blocking(
                    self._queue.show_after, self.message, self._seconds
                )
            except Exception as exc:
                log.warning("the message cannot be kept hidden: %s", exc)
