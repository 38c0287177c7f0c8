"""Durable Functions: how orchestrators and activities are registered, and how jobs are run.

Begin with ``orchestrations.py``: ``@orchestrator`` and ``@activity`` register a function, ``call``
and ``TaskPool`` (task_pool.py) begin its tasks. ``client.py`` reaches Durable Functions from HTTP
triggers, and ``jobs.py`` starts, lists and cancels bulk jobs through it. The library is imported on
first use, since its import would slow down every cold start.
"""

from functions.durable.client import DurableClient, extract_reason, make_client
from functions.durable.jobs import Jobs
from functions.durable.orchestrations import (
    TRIES,
    Steps,
    activity,
    call,
    call_until_done,
    orchestrator,
)
from functions.durable.task_pool import TaskPool

__all__ = [
    "TRIES",
    "DurableClient",
    "Jobs",
    "Steps",
    "TaskPool",
    "activity",
    "call",
    "call_until_done",
    "extract_reason",
    "make_client",
    "orchestrator",
]
