"""The app's queue triggers: the queues that they listen to, and the values of their functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from azure.functions import meta
from azure.functions.decorators.core import DataType

from devhost.functions import QUEUE, AppFunction, find_converter, resolve_settings
from devhost.invoker import Invocation, Invoker
from devhost.queues.messages import Message, StorageQueue
from devhost.queues.services import HOST_CONNECTION, QueueServices

_POISON = "-poison"
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    function: AppFunction
    queue: StorageQueue
    poison_queue: StorageQueue | None
    """None where the queue is itself a poison queue: messages that fail there stay hidden."""


def make_queue_triggers(
    functions: list[AppFunction], services: QueueServices, environ: Mapping[str, str]
) -> list[QueueTrigger]:
    triggers = []
    for function in functions:
        connection = str(function.trigger.get("connection") or HOST_CONNECTION)
        name = resolve_settings(function, str(function.trigger["queueName"]), environ).lower()
        has_poison = not name.endswith(_POISON) and len(name + _POISON) <= _LONGEST_NAME
        poison_queue = services.open_queue(connection, name + _POISON) if has_poison else None
        queue = services.open_queue(connection, name)
        triggers.append(QueueTrigger(function, queue, poison_queue))
    return triggers


class QueueMessageHandler:
    """Calls the function of a queue trigger for each message."""

    def __init__(self, trigger: QueueTrigger, invoke: Invoker) -> None:
        self._trigger = trigger
        self._invoke = invoke

    def describe(self, body: bytes) -> str:
        return f"queue  {self._trigger.queue.name} -> {self._trigger.function.name}"

    async def call(self, message: Message, body: bytes) -> bool:
        function = self._trigger.function
        await self._invoke(Invocation(function), make_queue_message(function, message, body))
        return True

    @property
    def has_poison_queue(self) -> bool:
        return self._trigger.poison_queue is not None

    def find_poison_queue(self, body: bytes | None) -> StorageQueue:
        if self._trigger.poison_queue is None:
            raise ValueError(f"{self._trigger.queue.name} has no poison queue")
        return self._trigger.poison_queue


def make_queue_message(function: AppFunction, message: Message, body: bytes) -> object:
    """Returns a func.QueueMessage, made by the worker's converter from what the host sends."""
    metadata = {
        "Id": meta.Datum(message.id, "string"),
        "PopReceipt": meta.Datum(message.receipt, "string"),
        "DequeueCount": meta.Datum(message.dequeue_count, "int"),
        "InsertionTime": _encode_time(message.inserted.isoformat()),
        "ExpirationTime": _encode_time(message.expires.isoformat()),
        "NextVisibleTime": _encode_time(message.visible.isoformat()),
    }
    is_binary = function.trigger.get("dataType") == DataType.BINARY.value
    datum = (
        meta.Datum(body, "bytes")
        if is_binary
        else meta.Datum(body.decode("utf-8", "replace"), "string")
    )
    value: object = find_converter(QUEUE).decode(datum, trigger_metadata=metadata)
    return value


def _encode_time(text: str) -> meta.Datum:
    return meta.Datum(json.dumps(text), "json")
