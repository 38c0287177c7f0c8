"""What storage's events and the host's poison messages are about; no more is taken from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import azure.functions as func


@dataclass(frozen=True, slots=True)
class Touched:
    """Names in one container that an event tells of; a folder stands for all that is below it."""

    blobs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def touched_by(event: func.EventGridEvent | func.CloudEvent, container: str) -> Touched:
    """Reads a Microsoft.Storage event of either schema; a rename touches two names.

    The name is in the subject as it is, and percent-encoded in the URL. Both are looked at
    where they differ: Event Grid has been seen to mangle emoji in subjects
    (azure-event-grid-viewer issue 9), and one look too many does no harm.
    """
    data = event.get_json()
    places = [_of_subject(event.subject or "")]
    if isinstance(data, dict):
        places += _of_urls(data)
    names = tuple(sorted({name for where, name in places if where == container and name}))
    return Touched(folders=names) if _is_about_folder(event) else Touched(blobs=names)


def _is_about_folder(event: func.EventGridEvent | func.CloudEvent) -> bool:
    """Reads the type of the event, or else the call to storage that it tells of.

    azure-functions knows CloudEvent since 1.25. An older one makes an EventGridEvent without a type
    of an event in that schema, so what counts is which attributes there are, not the class.
    """
    kind = getattr(event, "event_type", None) or getattr(event, "type", None)
    data = event.get_json()
    if kind is None and isinstance(data, dict):
        return "Directory" in str(data.get("api"))
    return ".Directory" in (kind or "")


def _of_subject(subject: str) -> tuple[str, str]:
    """``/blobServices/default/containers/<container>/blobs/<name>``; ("", "") for another."""
    _, found, rest = subject.partition("/containers/")
    container, also_found, name = rest.partition("/blobs/")
    return (container, name) if found and also_found else ("", "")


def _of_urls(data: dict[str, object]) -> Iterator[tuple[str, str]]:
    for key in ("url", "sourceUrl", "destinationUrl"):
        parts = urlsplit(str(data.get(key) or ""))
        segments = unquote(parts.path).lstrip("/").split("/")
        host = parts.hostname or ""
        if host == "localhost" or host.replace(".", "").isdecimal():
            del segments[0]  # an emulator's account
        if len(segments) > 1:
            yield segments[0], "/".join(segments[1:])


def poisoned_blob(message: func.QueueMessage, container: str, function: str) -> str:
    """The blob that the host gave up on; empty when the message is no such one of this function.

    The host writes ``{"Type", "FunctionId": "Host.Functions.<name>", "BlobType",
    "ContainerName", "BlobName", "ETag"}``.
    """
    try:
        said = json.loads(message.get_body())
    except (ValueError, RecursionError):
        return ""
    if not isinstance(said, dict) or said.get("ContainerName") != container:
        return ""
    if str(said.get("FunctionId", function)).rpartition(".")[2].casefold() != function.casefold():
        return ""
    name = said.get("BlobName")
    return name if isinstance(name, str) else ""
