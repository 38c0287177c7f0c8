"""Which queue a name means: one of the connection's account, or a local one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from devhost.project import Refused
from devhost.queues.messages import Queue

HOST_CONNECTION = "AzureWebJobsStorage"


class QueueServices:
    def __init__(self, environ: Mapping[str, str], local_dir: Path) -> None:
        self._environ = environ
        self._folder = local_dir / "queues"
        self._known: dict[tuple[str, str], Queue] = {}
        self._lock = threading.Lock()

    def queue(self, connection: str, name: str) -> Queue:
        """Raises Refused when the account's settings name no queue service."""
        with self._lock:
            key = (connection, name)
            if key not in self._known:
                self._known[key] = self._made(connection, name)
            return self._known[key]

    def close(self) -> None:
        for queue in self._known.values():
            queue.close()

    def _made(self, connection: str, name: str) -> Queue:
        if not self._is_set(connection):
            from devhost.queues.local import LocalQueue  # of the app's own package

            return LocalQueue(self._folder, name)
        from devhost.queues.azure import AzureQueue, service  # slow to import

        try:
            # the host's own account stands in for one of blobs alone
            account = service(connection, self._environ) or service(HOST_CONNECTION, self._environ)
        except ValueError as exc:
            raise Refused(f"the app setting {connection} leads to no queue service: {exc}") from exc
        if account is None:
            raise Refused(
                f"the app setting {connection}__queueServiceUri is not set: the host keeps queue "
                "messages, and blobs that failed for good, there."
            )
        return AzureQueue(account.get_queue_client(name))

    def _is_set(self, connection: str) -> bool:
        names = (
            connection,
            f"AzureWebJobs{connection}",
            f"{connection}__queueServiceUri",
            f"{connection}__blobServiceUri",
        )
        return any(self._environ.get(name, "").strip() for name in names)
