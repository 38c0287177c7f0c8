"""A development host: runs the function app on machines without Azure Functions Core Tools.

It has no routes of its own and refuses what Azure's host and worker refuse, so that what works here
works in Azure. Begin with ``host.py``, which puts one app's parts together; each kind of trigger
has a room: ``http``, ``blobs``, ``queues``, ``timers``, ``durable``. Nothing in here is deployed.
"""

from devhost.host_process import ROOT, HostProcess

__all__ = ["ROOT", "HostProcess"]
