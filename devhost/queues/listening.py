"""Plays queue triggers: takes messages, runs the function, and deals with those that fail as
the host's queue processor does (Microsoft.Azure.WebJobs.Extensions.Storage.Queues)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass

from azure.functions import meta
from azure.functions.decorators.core import DataType

from devhost.blocking import Blocking
from devhost.indexing import QUEUE, Indexed, converter, resolved
from devhost.invoking import Invocation, Invoker
from devhost.project import QueueOptions
from devhost.queues.messages import Encoding, Message, Queue
from devhost.queues.services import HOST_CONNECTION, QueueServices

log = logging.getLogger("devhost.queues")

_POISON = "-poison"
_LONGEST_NAME = 63
_LEAST_PAUSE_S = 0.1


def lease_s() -> float:
    """For how long a message is hidden while its function runs; prolonged at half of it."""
    return float(os.environ.get("DEVHOST_QUEUE_LEASE_S", "") or 600.0)


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    function: Indexed
    queue: Queue
    poison: Queue | None
    """None where the queue is itself a poison queue: what fails there stays hidden."""


def queue_triggers(
    functions: list[Indexed], services: QueueServices, environ: Mapping[str, str]
) -> list[QueueTrigger]:
    found = []
    for function in functions:
        connection = str(function.trigger.get("connection") or HOST_CONNECTION)
        name = resolved(function, str(function.trigger["queueName"]), environ).lower()
        has_poison = not name.endswith(_POISON) and len(name + _POISON) <= _LONGEST_NAME
        poison = services.queue(connection, name + _POISON) if has_poison else None
        found.append(QueueTrigger(function, services.queue(connection, name), poison))
    return found


class QueueListener:
    """Plays one trigger."""

    def __init__(
        self, trigger: QueueTrigger, options: QueueOptions, invoke: Invoker, blocking: Blocking
    ) -> None:
        self._trigger = trigger
        self._options = options
        self._encoding = Encoding(options.base64)
        self._invoke = invoke
        self._blocking = blocking
        self._lease_s = lease_s()
        self._longest_pause_s = min(options.longest_pause_s, trigger.queue.longest_pause_s)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until it is cancelled. An empty queue is asked less and less often."""
        pause, complained = _LEAST_PAUSE_S, False
        while True:
            try:
                found = await self._next()
            except Exception as exc:
                if not complained:
                    log.warning("%s does not answer: %s", self._trigger.queue.where, exc)
                found, complained = 0, True
            else:
                complained = False
            pause = _LEAST_PAUSE_S if found else min(pause * 2, self._longest_pause_s)
            await asyncio.sleep(0 if found else pause)

    async def _next(self) -> int:
        """Begins with up to a batch of messages; returns how many those were."""
        while len(self._running) > self._options.new_batch_threshold:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        messages = await self._blocking(self._take)
        for message in messages:
            task = asyncio.create_task(self._process(message))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(messages)

    def _take(self) -> list[Message]:
        return self._trigger.queue.take(self._options.batch_size, hidden_s=self._lease_s)

    async def _process(self, message: Message) -> None:
        trigger, attempts = self._trigger, message.dequeue_count
        label = f"queue  {trigger.queue.name} -> {trigger.function.name}"
        body = self._encoding.decode(message.text)
        lease = _Lease(message)
        try:
            if body is None:
                log.error("%s: the message is not in base64 (host.json: messageEncoding)", label)
                await self._move_to_poison(lease)
            elif attempts > self._options.max_dequeue_count and trigger.poison is not None:
                await self._move_to_poison(lease)  # hosts were killed while they ran it
            elif await self._succeeds(label, body, lease):
                await self._blocking(trigger.queue.delete, lease.message)
            elif attempts >= self._options.max_dequeue_count:
                await self._move_to_poison(lease)
            elif trigger.poison is not None:
                again = self._options.visibility_timeout_s
                await self._blocking(trigger.queue.show_after, lease.message, again)
        except Exception:
            log.exception("%s: the message comes again", label)

    async def _succeeds(self, label: str, body: bytes, lease: _Lease) -> bool:
        attempts, message = f"attempt {lease.message.dequeue_count}", lease.message
        keeping = asyncio.create_task(self._keep(lease))
        try:
            value = queue_value(self._trigger.function, message, body)
            await self._invoke(Invocation(self._trigger.function), value)
        except Exception:
            log.exception("%s: %s failed", label, attempts)
            return False
        else:
            log.info("%s", label)
            return True
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping

    async def _keep(self, lease: _Lease) -> None:
        """Prolongs the lease for as long as the function runs."""
        while True:
            await asyncio.sleep(self._lease_s / 2)
            try:
                lease.message = await self._blocking(
                    self._trigger.queue.show_after, lease.message, self._lease_s
                )
            except Exception as exc:
                log.warning("the message cannot be kept hidden: %s", exc)

    async def _move_to_poison(self, lease: _Lease) -> None:
        """Without a poison queue it stays hidden until the lease ends, then comes again."""
        if self._trigger.poison is None:
            return
        await self._blocking(self._trigger.poison.put, lease.message.text)
        await self._blocking(self._trigger.queue.delete, lease.message)
        log.error("the message is now on the queue %s", self._trigger.poison.name)


@dataclass(slots=True)
class _Lease:
    """The message with its current receipt."""

    message: Message


def queue_value(function: Indexed, message: Message, body: bytes) -> object:
    """A func.QueueMessage, made by the worker's converter from what the host sends."""
    metadata = {
        "Id": meta.Datum(message.id, "string"),
        "PopReceipt": meta.Datum(message.receipt, "string"),
        "DequeueCount": meta.Datum(message.dequeue_count, "int"),
        "InsertionTime": _moment(message.inserted.isoformat()),
        "ExpirationTime": _moment(message.expires.isoformat()),
        "NextVisibleTime": _moment(message.visible.isoformat()),
    }
    binary = function.trigger.get("dataType") == DataType.BINARY.value
    datum = (
        meta.Datum(body, "bytes")
        if binary
        else meta.Datum(body.decode("utf-8", "replace"), "string")
    )
    value: object = converter(QUEUE).decode(datum, trigger_metadata=metadata)
    return value


def _moment(text: str) -> meta.Datum:
    return meta.Datum(json.dumps(text), "json")
