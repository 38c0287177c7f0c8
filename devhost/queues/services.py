"""Opens queues by connection and name: in the connection's account, or on this disk."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from devhost.project import StartupError
from devhost.queues.messages import StorageQueue

HOST_CONNECTION = "AzureWebJobsStorage"


class QueueServices:
    def __init__(self, environ: Mapping[str, str], local_dir: Path) -> None:
        self._environ = environ
        self._folder = local_dir / "queues"
        self._queues: dict[tuple[str, str], StorageQueue] = {}
        self._lock = threading.Lock()

    def open_queue(self, connection: str, name: str) -> StorageQueue:
        """Raises StartupError when the account's settings name no queue service."""
        with self._lock:
            key = (connection, name)
            if key not in self._queues:
                self._queues[key] = self._connect(connection, name)
            return self._queues[key]

    def close(self) -> None:
        for queue in self._queues.values():
            queue.close()

    def _connect(self, connection: str, name: str) -> StorageQueue:
        if not self._is_set(connection):
            from devhost.queues.local import LocalQueue  # imports the app's own package

            return LocalQueue(self._folder, name)
        from devhost.queues.azure import AzureQueue, connect_queue_service  # slow to import

        try:
            # the host's own account stands in for one of blobs alone
            account = connect_queue_service(connection, self._environ) or connect_queue_service(
                HOST_CONNECTION, self._environ
            )
        except ValueError as exc:
            raise StartupError(
                f"the app setting {connection} does not lead to a queue service: {exc}"
            ) from exc
        if account is None:
            raise StartupError(
                f"the app setting {connection}__queueServiceUri is not set: the host keeps queue "
                "messages there, and blobs that failed for good."
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
