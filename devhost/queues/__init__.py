"""Queue triggers, on the queues of a storage account or on local ones that behave alike.

``listener.py`` takes messages off a queue and treats failures as Azure's host does; ``triggers.py``
calls the app's functions. ``services.py`` opens the queue for a name: ``azure.py`` or ``local.py``.
"""

from devhost.queues.listener import QueueListener, read_drain_timeout_s, read_lease_s
from devhost.queues.messages import Message, MessageEncoding, StorageQueue
from devhost.queues.services import HOST_CONNECTION, QueueServices
from devhost.queues.sqlite import SqliteQueue
from devhost.queues.triggers import QueueMessageHandler, make_queue_triggers

__all__ = [
    "HOST_CONNECTION",
    "Message",
    "MessageEncoding",
    "QueueListener",
    "QueueMessageHandler",
    "QueueServices",
    "SqliteQueue",
    "StorageQueue",
    "make_queue_triggers",
    "read_drain_timeout_s",
    "read_lease_s",
]
