"""From the app's triggers to the containers that are watched for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devhost.blobs.containers import Container, FolderContainer
from devhost.functions import Indexed, resolved
from devhost.project import Refused
from devhost.queues.messages import Queue
from devhost.queues.services import HOST_CONNECTION

EVENT_QUEUE = "blob-events"
"""Where the subscription of Event Grid leads that infra/events.bicep declares."""


@dataclass(frozen=True, slots=True)
class Trigger:
    function: Indexed
    pattern: re.Pattern[str]
    """What a blob's name must match for the scan to deliver it."""


@dataclass(frozen=True, slots=True)
class Watch:
    container: Container
    triggers: Sequence[Trigger]
    scanned: bool = True
    """False: waits for Event Grid posts instead."""
    connection: str = HOST_CONNECTION
    events: Queue | None = None
    """Where storage's events go; None: nobody has subscribed."""

    @property
    def tells_created(self) -> bool:
        """Whether events tell of new blobs, too: a blob trigger, where there is one, is told by
        the scan."""
        return self.events is not None and not self.triggers


def watches(
    functions: Iterable[Indexed],
    environ: Mapping[str, str],
    local_dir: Path,
    events: Queue | None,
) -> list[Watch]:
    """One per container; a trigger whose connection setting is empty watches a folder.

    ``events``: the queue of events, where the app has a function for it, is told of deletes.
    """
    found: dict[str, Watch] = {}
    for function in functions:
        container_name, pattern = _path(function, environ)
        connection = str(function.trigger.get("connection") or "AzureWebJobsStorage")
        container = _container(connection, container_name, environ, local_dir)
        # an account that sends Event Grid events is not scanned; a folder sends none
        scanned = (
            isinstance(container, FolderContainer) or function.trigger.get("source") != "EventGrid"
        )
        known = found.get(container.url)
        triggers = [*(known.triggers if known else ()), Trigger(function, pattern)]
        scanned = scanned or bool(known and known.scanned)
        found[container.url] = Watch(
            known.container if known else container, triggers, scanned, connection, events
        )
    return list(found.values())


def subscription(events: Queue, environ: Mapping[str, str], local_dir: Path) -> Watch:
    """All that happens in the container IMAGES_CONTAINER is told to the queue of events, as in
    Azure by infra/events.bicep; for an app without a blob trigger."""
    name = environ.get("IMAGES_CONTAINER", "").strip() or "images"
    return Watch(_container(HOST_CONNECTION, name, environ, local_dir), (), events=events)


def _container(
    connection: str, name: str, environ: Mapping[str, str], local_dir: Path
) -> Container:
    account_is_set = any(
        environ.get(setting, "").strip()
        for setting in (connection, f"AzureWebJobs{connection}", f"{connection}__blobServiceUri")
    )
    if account_is_set:
        from devhost.blobs.azure import AzureContainer, service  # slow to import

        try:
            account = service(connection, environ)
        except ValueError as exc:
            raise Refused(f"the app setting {connection} is no connection string: {exc}") from exc
        if account is not None:
            return AzureContainer(account, name)
    return FolderContainer(local_dir / "storage", name)


def _path(function: Indexed, environ: Mapping[str, str]) -> tuple[str, re.Pattern[str]]:
    """``container/pattern`` with ``%SETTING%`` replaced; no pattern: every blob."""
    path = resolved(function, str(function.trigger["path"]), environ).strip("/")
    container, _, blob = path.partition("/")
    if not container or "{" in container:
        raise Refused(f"function {function.name}: the path {path} must begin with a container.")
    parts = re.split(r"\{[^{}]+\}", blob or "{name}")
    return container, re.compile(".+".join(map(re.escape, parts)), re.DOTALL)
