"""What functions receive: real InputStreams and Event Grid events, in Azure's shapes."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
from azure.functions import meta
from azure.functions.blob import InputStream

from devhost.blobs.containers import Container, Content, blob_url
from devhost.indexing import EVENT_GRID, Indexed, converter

_ACCOUNT = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/"
    "Microsoft.Storage/storageAccounts/devstoreaccount1"
)


def blob_value(function: Indexed, container: Container, blob: str, content: Content) -> object:
    if function.annotation in (bytes, str):
        return content.data
    return InputStream(
        data=content.data,
        name=f"{container.name}/{blob}",
        uri=blob_url(container, blob),
        length=len(content.data),
        blob_properties=content.properties,
        metadata=content.metadata,
    )


def event_value(event: dict[str, Any]) -> object:
    """The worker's own reading of an event off the wire, in either schema."""
    datum = meta.Datum(json.dumps(event), "json")
    event_or_cloud_event: object = converter(EVENT_GRID).decode(datum, trigger_metadata={})
    return event_or_cloud_event


def blob_deleted(function: Indexed, container: Container, blob: str) -> dict[str, Any]:
    """Microsoft.Storage.BlobDeleted on the wire, in the schema that the function asks for."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    subject = f"/blobServices/default/containers/{container.name}/blobs/{blob}"
    kind, identity = "Microsoft.Storage.BlobDeleted", str(uuid.uuid4())
    data = {
        "api": "DeleteBlob",
        "requestId": str(uuid.uuid4()),
        "eTag": f"0x{time.time_ns():X}",
        "contentType": "application/octet-stream",
        "blobType": "BlockBlob",
        "url": blob_url(container, blob),
        "sequencer": f"{time.time_ns():048x}",  # later is greater, compared as text
        "storageDiagnostics": {"batchId": str(uuid.uuid4())},
    }
    if function.annotation is func.CloudEvent:
        return {
            "specversion": "1.0",
            "id": identity,
            "source": _ACCOUNT,
            "type": kind,
            "subject": subject,
            "time": now,
            "data": data,
        }
    return {
        "id": identity,
        "topic": _ACCOUNT,
        "subject": subject,
        "eventType": kind,
        "eventTime": now,
        "dataVersion": "",
        "metadataVersion": "1",
        "data": data,
    }
