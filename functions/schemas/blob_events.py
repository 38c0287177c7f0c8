"""The messages of the queue ``blob-events``: which blobs or folders to look at.

Event Grid's events (in either schema), our own "look again" and the host's poison messages all come
down to names; nothing else in them is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import azure.functions as func

from shared_code.indexing import LOOK_AGAIN, Look, Notice


def read_notice(message: func.QueueMessage, container: str) -> Notice:
    """Reads any message of the queues that the app listens to; never raises.

    A message about another container is understood, and there is nothing to look at.
    """
    body = message.get_body()
    try:
        looks = _parse_looks(json.loads(body), container)
    except (ValueError, TypeError, KeyError, RecursionError):
        looks = None
    text = body.decode("utf-8", "replace")
    return Notice(str(message.id), text, looks)


def _parse_looks(parsed: Any, container: str) -> tuple[Look, ...] | None:
    if isinstance(parsed, list):  # Event Grid sends events one by one; a person may send several
        looks = [_parse_looks(event, container) for event in parsed]
        return None if None in looks else tuple(look for part in looks if part for look in part)
    if not isinstance(parsed, dict):
        return None
    if LOOK_AGAIN in parsed:
        fields = parsed[LOOK_AGAIN]
        look = Look.from_fields(fields)
        return (look,) if fields.get("container") == container else ()
    if parsed.get("Type") == "BlobTrigger":
        return _parse_poison_blob(parsed, container)
    kind = parsed.get("eventType", parsed.get("type"))
    if isinstance(kind, str) and "subject" in parsed:
        names = _find_names(parsed, container)
        return tuple(Look(name, is_folder=".Directory" in kind) for name in names)
    return None


def _find_names(event: dict[str, Any], container: str) -> list[str]:
    """Returns the names in this container that a Microsoft.Storage event holds; a rename has two.

    The name is in the subject as it is, and percent-encoded in the URL. Both are looked at
    where they differ: Event Grid has been seen to mangle emoji in subjects
    (azure-event-grid-viewer issue 9), and one look too many does no harm.
    """
    places = [_split_subject(str(event["subject"] or ""))]
    data = event.get("data")
    if isinstance(data, dict):
        places += _split_urls(data)
    return sorted({name for place, name in places if place == container and name})


def _split_subject(subject: str) -> tuple[str, str]:
    """``/blobServices/default/containers/<container>/blobs/<name>``; ("", "") for another."""
    _, is_there, rest = subject.partition("/containers/")
    container, has_name, name = rest.partition("/blobs/")
    return (container, name) if is_there and has_name else ("", "")


def _split_urls(data: dict[str, object]) -> Iterator[tuple[str, str]]:
    for key in ("url", "sourceUrl", "destinationUrl"):
        parts = urlsplit(str(data.get(key) or ""))
        segments = unquote(parts.path).lstrip("/").split("/")
        host = parts.hostname or ""
        if host == "localhost" or host.replace(".", "").isdecimal():
            del segments[0]  # an emulator's account
        if len(segments) > 1:
            yield segments[0], "/".join(segments[1:])


def _parse_poison_blob(parsed: dict[str, Any], container: str) -> tuple[Look, ...] | None:
    """Reads the host's ``{"Type", "FunctionId": "Host.Functions.<name>", "BlobType",
    "ContainerName", "BlobName", "ETag"}``; None for a function or container of another app."""
    function = str(parsed.get("FunctionId", "")).rpartition(".")[2]
    name = parsed.get("BlobName")
    is_ours = parsed.get("ContainerName") == container and function.casefold() == "blob_changed"
    return (Look(name),) if is_ours and isinstance(name, str) and name else None
