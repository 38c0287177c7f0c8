"""Queue messages as the Functions host passes them on: through the worker's converter."""

import json
from datetime import UTC, datetime

from azure.functions import meta
from azure.functions.queue import QueueMessageInConverter

ACCOUNT = "https://shop.blob.core.windows.net"
TOPIC = "/subscriptions/0/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/shop"


def event(kind, subject, data, *, schema="EventGrid"):
    """Returns the message of an event that Event Grid has put on the queue.

    ``kind`` is the event type without "Microsoft.Storage."; ``subject`` is container/name.
    """
    container, _, name = subject.partition("/")
    body = {
        "subject": f"/blobServices/default/containers/{container}/blobs/{name}",
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "data": {"contentType": "image/jpeg", "blobType": "BlockBlob", **data},
    }
    now = datetime.now(UTC).isoformat().replace("+00:00", "0Z")
    if schema == "EventGrid":
        body |= {"topic": TOPIC, "eventType": f"Microsoft.Storage.{kind}", "eventTime": now}
        body |= {"dataVersion": "2", "metadataVersion": "1"}
    else:
        body |= {"source": TOPIC, "type": f"Microsoft.Storage.{kind}", "time": now}
        body |= {"specversion": "1.0"}
    return queue_message(body)


def queue_message(body):
    """Returns a queue message; the host has decoded its base64."""
    text = body if isinstance(body, str) else json.dumps(body)
    metadata = {
        "Id": meta.Datum("7a1c", "string"),
        "PopReceipt": meta.Datum("AgAAAA", "string"),
        "DequeueCount": meta.Datum(1, "int"),
    }
    return QueueMessageInConverter.decode(meta.Datum(text, "string"), trigger_metadata=metadata)


def poison_message(blob, *, container="images", function="Host.Functions.blob_changed"):
    """Returns the message that the host writes after poisonBlobThreshold failures."""
    return queue_message(
        {
            "Type": "BlobTrigger",
            "FunctionId": function,
            "BlobType": "BlockBlob",
            "ContainerName": container,
            "BlobName": blob,
            "ETag": '"0x8DD0C1F7B2A3E40"',
        }
    )
