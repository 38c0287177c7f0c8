"""Works out which containers to watch for the app's blob triggers and its queue of events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devhost.blobs.containers import Container, FolderContainer
from devhost.functions import AppFunction, resolve_settings
from devhost.project import StartupError
from devhost.queues import HOST_CONNECTION, StorageQueue

EVENT_QUEUE = "blob-events"
"""The queue of the Event Grid subscription that infra/events.bicep declares."""


@dataclass(frozen=True, slots=True)
class BlobTrigger:
    function: AppFunction
    pattern: re.Pattern[str]
    """A scan delivers the blobs whose names match this."""


@dataclass(frozen=True, slots=True)
class ContainerWatch:
    container: Container
    triggers: Sequence[BlobTrigger]
    is_scanned: bool = True
    """Otherwise it waits for Event Grid posts."""
    connection: str = HOST_CONNECTION
    event_queue: StorageQueue | None = None
    """The queue for storage's events; None without a subscription."""

    @property
    def reports_created(self) -> bool:
        """True when events report new blobs too; where there is a blob trigger, the scan does."""
        return self.event_queue is not None and not self.triggers


def make_watches(
    functions: Iterable[AppFunction],
    environ: Mapping[str, str],
    local_dir: Path,
    event_queue: StorageQueue | None,
) -> list[ContainerWatch]:
    """Returns one watch per container; a trigger whose connection setting is empty gets a folder.

    Deletes are reported to ``event_queue``, which is None where no function listens to it.
    """
    watches: dict[str, ContainerWatch] = {}
    for function in functions:
        container_name, pattern = _parse_path(function, environ)
        connection = str(function.trigger.get("connection") or "AzureWebJobsStorage")
        container = _open_container(connection, container_name, environ, local_dir)
        # an account that sends Event Grid events is not scanned; a folder sends none
        is_scanned = (
            isinstance(container, FolderContainer) or function.trigger.get("source") != "EventGrid"
        )
        known = watches.get(container.url)
        triggers = [*(known.triggers if known else ()), BlobTrigger(function, pattern)]
        is_scanned = is_scanned or bool(known and known.is_scanned)
        watches[container.url] = ContainerWatch(
            known.container if known else container, triggers, is_scanned, connection, event_queue
        )
    return list(watches.values())


def make_subscription(
    event_queue: StorageQueue, environ: Mapping[str, str], local_dir: Path
) -> ContainerWatch:
    """Returns the watch for an app without a blob trigger: all changes in IMAGES_CONTAINER are
    reported to the queue of events, as infra/events.bicep sets it up in Azure."""
    name = environ.get("IMAGES_CONTAINER", "").strip() or "images"
    container = _open_container(HOST_CONNECTION, name, environ, local_dir)
    return ContainerWatch(container, (), event_queue=event_queue)


def _open_container(
    connection: str, name: str, environ: Mapping[str, str], local_dir: Path
) -> Container:
    account_is_set = any(
        environ.get(setting, "").strip()
        for setting in (connection, f"AzureWebJobs{connection}", f"{connection}__blobServiceUri")
    )
    if account_is_set:
        from devhost.blobs.azure import AzureContainer, connect_blob_service  # slow to import

        try:
            account = connect_blob_service(connection, environ)
        except ValueError as exc:
            raise StartupError(
                f"the app setting {connection} is not a connection string: {exc}"
            ) from exc
        if account is not None:
            return AzureContainer(account, name)
    return FolderContainer(local_dir / "storage", name)


def _parse_path(function: AppFunction, environ: Mapping[str, str]) -> tuple[str, re.Pattern[str]]:
    """Reads ``container/pattern`` with ``%SETTING%`` in it; no pattern stands for every blob."""
    path = resolve_settings(function, str(function.trigger["path"]), environ).strip("/")
    container, _, blob = path.partition("/")
    if not container or "{" in container:
        raise StartupError(
            f"function {function.name}: the path {path} must begin with a container."
        )
    parts = re.split(r"\{[^{}]+\}", blob or "{name}")
    return container, re.compile(".+".join(map(re.escape, parts)), re.DOTALL)
