"""Storage's events as Event Grid puts them on a queue: one JSON object each, in its own schema."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from devhost.blobs.containers import Container, make_blob_url

_TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/"
    "Microsoft.Storage/storageAccounts/devstoreaccount1"
)


def make_created_event(container: Container, blob: str, etag: str) -> dict[str, Any]:
    return _make_event("BlobCreated", "PutBlob", container, blob, etag.strip('"'))


def make_deleted_event(container: Container, blob: str) -> dict[str, Any]:
    return _make_event("BlobDeleted", "DeleteBlob", container, blob, f"0x{time.time_ns():X}")


def _make_event(kind: str, api: str, container: Container, blob: str, etag: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "topic": _TOPIC,
        "subject": f"/blobServices/default/containers/{container.name}/blobs/{blob}",
        "eventType": f"Microsoft.Storage.{kind}",
        "eventTime": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "dataVersion": "",
        "metadataVersion": "1",
        "data": {
            "api": api,
            "requestId": str(uuid.uuid4()),
            "eTag": etag,
            "contentType": "application/octet-stream",
            "blobType": "BlockBlob",
            "url": make_blob_url(container, blob),
            "sequencer": f"{time.time_ns():048x}",  # later is greater, compared as text
            "storageDiagnostics": {"batchId": str(uuid.uuid4())},
        },
    }
