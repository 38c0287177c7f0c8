"""Compares storage and index both ways and mends what events missed.

Begin with ``reconciler.py``, which goes on with a pass for as long as it is allowed to;
``walks.py`` holds the three walks of a pass and ``progress.py`` remembers how far it has come.
"""

from shared_code.reconcile.progress import Progress
from shared_code.reconcile.reconciler import Reconciler

__all__ = [
    "Progress",
    "Reconciler",
]
