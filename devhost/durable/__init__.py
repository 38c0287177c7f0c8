"""Plays the host of Durable Functions; the app's orchestrators run on Microsoft's own library.

Begin with ``engine.py``, which runs one step of an orchestration: ``worker.py`` calls the
orchestrator, ``replay.py`` works out what it wants started, and ``store.py`` keeps the result.
``hub.py`` runs the steps that are due; ``http_api.py`` is what the library's client speaks to.
"""

from devhost.durable.engine import DurableEngine
from devhost.durable.events import Event
from devhost.durable.http_api import DurableApi
from devhost.durable.hub import TaskHub
from devhost.durable.links import PREFIX, DurableLinks
from devhost.durable.replay import find_custom_status_error
from devhost.durable.responses import format_status
from devhost.durable.store import DurableStore
from devhost.durable.tables import ENDED, Instance
from devhost.durable.worker import DurableWorker, OrchestratorState

__all__ = [
    "ENDED",
    "PREFIX",
    "DurableApi",
    "DurableEngine",
    "DurableLinks",
    "DurableStore",
    "DurableWorker",
    "Event",
    "Instance",
    "OrchestratorState",
    "TaskHub",
    "find_custom_status_error",
    "format_status",
]
