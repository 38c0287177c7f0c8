"""The app's queue triggers: which queues they listen to, and what their functions are given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from azure.functions import meta
from azure.functions.decorators.core import DataType

from devhost.functions import QUEUE, Indexed, converter, resolved
from devhost.invoker import Invocation, Invoker
from devhost.queues.messages import Message, Queue
from devhost.queues.services import HOST_CONNECTION, QueueServices

_POISON = "-poison"
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    function: Indexed
    queue: Queue
    poison: Queue | None
    """None where the queue is itself a poison queue: what fails there stays hidden."""


def queue_triggers(
    functions: list[Indexed], services: QueueServices, environ: Mapping[str, str]
) -> list[QueueTrigger]:
    triggers = []
    for function in functions:
        connection = str(function.trigger.get("connection") or HOST_CONNECTION)
        name = resolved(function, str(function.trigger["queueName"]), environ).lower()
        has_poison = not name.endswith(_POISON) and len(name + _POISON) <= _LONGEST_NAME
        poison = services.queue(connection, name + _POISON) if has_poison else None
        triggers.append(QueueTrigger(function, services.queue(connection, name), poison))
    return triggers


class QueueCalls:
    """The work of the listener on a queue trigger's queue."""

    def __init__(self, trigger: QueueTrigger, invoke: Invoker) -> None:
        self._trigger = trigger
        self._invoke = invoke

    def describe(self, body: bytes) -> str:
        return f"queue  {self._trigger.queue.name} -> {self._trigger.function.name}"

    async def call(self, message: Message, body: bytes) -> bool:
        function = self._trigger.function
        await self._invoke(Invocation(function), queue_value(function, message, body))
        return True

    @property
    def has_poison_queue(self) -> bool:
        return self._trigger.poison is not None

    def poison_queue(self, body: bytes | None) -> Queue:
        if self._trigger.poison is None:
            raise ValueError(f"{self._trigger.queue.name} has no poison queue")
        return self._trigger.poison


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
