"""Takes messages off a queue, has them handled, and treats those that fail as the host's queue
processor does (Microsoft.Azure.WebJobs.Extensions.Storage.Queues)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from typing import Protocol

from devhost.io_threads import IoThreads
from devhost.project import QueueOptions
from devhost.queues.messages import Message, MessageEncoding, StorageQueue

log = logging.getLogger("devhost.queues")

_LEAST_PAUSE_S = 0.1


def read_lease_s() -> float:
    """Returns how long a message is hidden while its function runs; renewed at half of it."""
    return float(os.environ.get("DEVHOST_QUEUE_LEASE_S", "") or 600.0)


def read_drain_timeout_s() -> float:
    """Returns how long a host that is stopped waits for running functions; in Azure a minute."""
    return float(os.environ.get("DEVHOST_LAST_CALLS_S", "") or 60.0)


class MessageHandler(Protocol):
    """Handles the messages of one queue."""

    @property
    def has_poison_queue(self) -> bool:
        """Without one, a message that failed for good stays hidden until its lease ends, and comes
        again."""

    def describe(self, body: bytes) -> str:
        """Returns a label of the message for the log."""

    async def call(self, message: Message, body: bytes) -> bool:
        """Calls the function, and lets its exception through. Returns False when the message needs
        no call."""

    def find_poison_queue(self, body: bytes | None) -> StorageQueue:
        """Returns the queue for a message that failed for good; ``body`` is None for one that
        cannot be read."""


class QueueListener:
    """Plays one queue trigger, or all blob triggers."""

    def __init__(
        self,
        queue: StorageQueue,
        handler: MessageHandler,
        options: QueueOptions,
        io_threads: IoThreads,
    ) -> None:
        self._queue = queue
        self._handler = handler
        self._options = options
        self._encoding = MessageEncoding(options.base64)
        self._io_threads = io_threads
        self._lease_s = read_lease_s()
        self._longest_pause_s = min(options.longest_pause_s, queue.longest_pause_s)
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Runs until ``stop`` is called and the functions that run by then have ended. Polls an
        empty queue less and less often."""
        pause, has_warned = _LEAST_PAUSE_S, False
        while not self._stopping.is_set():
            try:
                count = await self._start_batch()
            except Exception as exc:
                if not has_warned:
                    log.warning("%s does not answer: %s", self._queue.location, exc)
                count, has_warned = 0, True
            else:
                has_warned = False
            pause = _LEAST_PAUSE_S if count else min(pause * 2, self._longest_pause_s)
            if not count:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._stopping.wait()
        if self._running:
            await asyncio.wait(self._running)

    def stop(self) -> None:
        """Lets it take no more messages."""
        self._stopping.set()
        if self._running:
            count = len(self._running)
            text = "Waiting for %d running functions of %s; Ctrl-C again stops at once"
            log.info(text, count, self._queue.location)

    async def _start_batch(self) -> int:
        """Starts to process up to a batch of messages; returns how many there were."""
        while len(self._running) > self._options.new_batch_threshold:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        if self._stopping.is_set():
            return 0
        messages = await self._io_threads.run(self._take_messages)
        for message in messages:
            task = asyncio.create_task(self._process(message))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(messages)

    def _take_messages(self) -> list[Message]:
        return self._queue.take(self._options.batch_size, hidden_s=self._lease_s)

    async def _process(self, message: Message) -> None:
        body = self._encoding.decode(message.text)
        label = f"queue  {self._queue.name}"
        try:
            if body is None:
                log.error("%s: the message is not in base64 (host.json: messageEncoding)", label)
                await self._move_to_poison(label, message, None)
                return
            label = self._handler.describe(body)
            await self._handle(label, message, body)
        except Exception:
            log.exception("%s: the message comes again", label)

    async def _handle(self, label: str, message: Message, body: bytes) -> None:
        attempts, max_attempts = message.dequeue_count, self._options.max_dequeue_count
        has_poison_queue = self._handler.has_poison_queue
        if attempts > max_attempts and has_poison_queue:  # hosts were killed while they ran it
            await self._move_to_poison(label, message, body)
            return
        lease = _Lease(self._queue, message, self._lease_s, self._io_threads)
        async with lease:
            is_done = await self._call(label, message, body)
        if is_done:
            await self._io_threads.run(self._queue.delete, lease.message)
        elif attempts >= max_attempts:
            await self._move_to_poison(label, lease.message, body)
        elif has_poison_queue:
            delay_s = self._options.visibility_timeout_s
            await self._io_threads.run(self._queue.show_after, lease.message, delay_s)

    async def _call(self, label: str, message: Message, body: bytes) -> bool:
        """Returns whether the message is done with."""
        try:
            was_called = await self._handler.call(message, body)
        except Exception:
            log.exception("%s: attempt %d failed", label, message.dequeue_count)
            return False
        if was_called:
            log.info("%s", label)
        return True

    async def _move_to_poison(self, label: str, message: Message, body: bytes | None) -> None:
        if not self._handler.has_poison_queue:
            return
        poison = self._handler.find_poison_queue(body)
        await self._io_threads.run(poison.put, message.text)
        await self._io_threads.run(self._queue.delete, message)
        log.error("%s: the message is now on the queue %s", label, poison.name)


class _Lease:
    """Keeps a message hidden for as long as the block runs."""

    def __init__(
        self, queue: StorageQueue, message: Message, seconds: float, io_threads: IoThreads
    ) -> None:
        self.message = message
        """The message with its current receipt."""
        self._queue = queue
        self._seconds = seconds
        self._io_threads = io_threads

    async def __aenter__(self) -> None:
        self._renewal = asyncio.create_task(self._renew())

    async def __aexit__(self, *_: object) -> None:
        self._renewal.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._renewal

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / 2)
            try:
                self.message = await self._io_threads.run(
                    self._queue.show_after, self.message, self._seconds
                )
            except Exception as exc:
                log.warning("the message cannot be kept hidden: %s", exc)
