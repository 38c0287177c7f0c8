"""Blob triggers and storage's events, from a folder or a container of a storage account.

Begin with ``watcher.py``: it lists the containers in ``watches.py``, and ``tracker.py`` finds what
changed. A change becomes a message on the host's own queue (``queue.py``), for which ``handler.py``
calls the function; or an event, which ``publisher.py`` and ``dispatcher.py`` send as Event Grid
does.
"""

from devhost.blobs.handler import POISON_BLOB_QUEUE, BlobMessageHandler
from devhost.blobs.publisher import EventPublisher
from devhost.blobs.queue import BlobQueue
from devhost.blobs.receipts import BlobReceipts
from devhost.blobs.watcher import ContainerWatcher
from devhost.blobs.watches import EVENT_QUEUE, ContainerWatch, make_subscription, make_watches

__all__ = [
    "EVENT_QUEUE",
    "POISON_BLOB_QUEUE",
    "BlobMessageHandler",
    "BlobQueue",
    "BlobReceipts",
    "ContainerWatch",
    "ContainerWatcher",
    "EventPublisher",
    "make_subscription",
    "make_watches",
]
