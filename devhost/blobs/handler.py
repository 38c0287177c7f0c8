"""Calls the functions of blob triggers, once for each message of the host's own queue."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from devhost.blobs.input_stream import make_blob_value
from devhost.blobs.messages import BlobMessage
from devhost.blobs.watches import BlobTrigger, ContainerWatch
from devhost.invoker import Invocation, Invoker
from devhost.io_threads import IoThreads
from devhost.queues import HOST_CONNECTION, Message, QueueServices, StorageQueue

log = logging.getLogger("devhost.blobs")

POISON_BLOB_QUEUE = "webjobs-blobtrigger-poison"


class BlobMessageHandler:
    """Calls the function of a blob trigger for each message of the host's queue for blobs."""

    has_poison_queue = True

    def __init__(
        self,
        watches: Sequence[ContainerWatch],
        services: QueueServices,
        invoke: Invoker,
        io_threads: IoThreads,
    ) -> None:
        self._registered: dict[str, tuple[ContainerWatch, BlobTrigger]] = {
            trigger.function.name: (watch, trigger)
            for watch in watches
            for trigger in watch.triggers
        }
        self._services = services
        self._invoke = invoke
        self._io_threads = io_threads

    def describe(self, body: bytes) -> str:
        event = BlobMessage.from_text(body)
        return f"blob   {event.container}/{event.blob} -> {event.function}"

    async def call(self, message: Message, body: bytes) -> bool:
        """Calls the function with the blob as it is now. Returns False for a blob that is gone or
        was overwritten since the scan, and for a function that no longer exists."""
        event = BlobMessage.from_text(body)
        if event.function not in self._registered:
            return False
        watch, trigger = self._registered[event.function]
        if event.blob != event.blob.strip("/"):
            log.warning(
                "%s is not delivered: Azure's blob trigger looks for it without the slash at the "
                "beginning or end of its name, and finds nothing",
                self.describe(body),
            )
            return False
        container = watch.container
        if event.container != container.name:
            container = container.open_sibling(event.container)
        content = await self._io_threads.run(container.read, event.blob)
        if content is None:
            return False
        if event.is_from_scan and event.etag != content.properties["ETag"]:
            return False  # the next scan reports the new content
        value = make_blob_value(trigger.function, container, event.blob, content)
        await self._invoke(Invocation(trigger.function), value)
        return True

    def find_poison_queue(self, body: bytes | None) -> StorageQueue:
        """Returns that of the account that the blob is in, or of the host's own account."""
        connection = HOST_CONNECTION
        if body is not None:
            event = BlobMessage.from_text(body)
            if event.function in self._registered:
                connection = self._registered[event.function][0].connection
        return self._services.open_queue(connection, POISON_BLOB_QUEUE)
