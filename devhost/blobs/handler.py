"""Calls the functions of blob triggers: one call for each message of the host's own queue."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from devhost.blobs.input_stream import blob_value
from devhost.blobs.messages import BlobMessage
from devhost.blobs.watches import Trigger, Watch
from devhost.invoker import Invocation, Invoker
from devhost.io_threads import Blocking
from devhost.queues.messages import Message, Queue
from devhost.queues.services import HOST_CONNECTION, QueueServices

log = logging.getLogger("devhost.blobs")

POISON_QUEUE = "webjobs-blobtrigger-poison"


class BlobCalls:
    """The work of the listener on the blob triggers' queue."""

    has_poison_queue = True

    def __init__(
        self, watches: Sequence[Watch], services: QueueServices, invoke: Invoker, blocking: Blocking
    ) -> None:
        self._registered: dict[str, tuple[Watch, Trigger]] = {
            trigger.function.name: (watch, trigger)
            for watch in watches
            for trigger in watch.triggers
        }
        self._services = services
        self._invoke = invoke
        self._blocking = blocking

    def describe(self, body: bytes) -> str:
        event = BlobMessage.from_text(body)
        return f"blob   {event.container}/{event.blob} -> {event.function}"

    async def call(self, message: Message, body: bytes) -> bool:
        """Calls the function with the blob as it is now; returns False for a blob that is gone, one
        that was overwritten since the scan, and a function that is no longer there."""
        event = BlobMessage.from_text(body)
        if event.function not in self._registered:
            return False
        watch, trigger = self._registered[event.function]
        if event.blob != event.blob.strip("/"):
            log.warning(
                "%s is not delivered: Azure's blob trigger looks for it without the slash at the "
                "end or beginning of its name, and finds nothing",
                self.describe(body),
            )
            return False
        container = watch.container
        if event.container != container.name:
            container = container.open_sibling(event.container)
        content = await self._blocking(container.read, event.blob)
        if content is None:
            return False
        if event.is_from_scan and event.etag != content.properties["ETag"]:
            return False  # the next scan tells of what is there now
        value = blob_value(trigger.function, container, event.blob, content)
        await self._invoke(Invocation(trigger.function), value)
        return True

    def poison_queue(self, body: bytes | None) -> Queue:
        """The one of the account that the blob is in, or of the host's own."""
        connection = HOST_CONNECTION
        if body is not None:
            event = BlobMessage.from_text(body)
            if event.function in self._registered:
                connection = self._registered[event.function][0].connection
        return self._services.queue(connection, POISON_QUEUE)
