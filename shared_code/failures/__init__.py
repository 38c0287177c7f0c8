"""What could not be indexed, and why, until it is indexed or gone. Begin with ``store.py``."""

from shared_code.failures.store import Failure, Failures

__all__ = [
    "Failure",
    "Failures",
]
