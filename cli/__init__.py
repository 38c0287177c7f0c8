"""The commands that ``make`` runs for a person, on the app here or on a deployed one.

``index``, ``reconcile`` and ``tour`` speak to the app over HTTP (begin with ``client.py``),
``check_qdrant`` speaks to Qdrant. Nothing in here is deployed, and nothing knows the development
host; that one prints the tour when it starts, with what is exported here.
"""

from cli.client import AppClient, RequestFailed
from cli.local_settings import InvalidLocalSettings, load_local_settings
from cli.samples import SampleUploader
from cli.tour import run_tour

__all__ = [
    "AppClient",
    "InvalidLocalSettings",
    "RequestFailed",
    "SampleUploader",
    "load_local_settings",
    "run_tour",
]
