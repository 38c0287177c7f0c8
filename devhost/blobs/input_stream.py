"""What the function of a blob trigger receives: a real InputStream, in Azure's shape."""

from __future__ import annotations

from azure.functions.blob import InputStream

from devhost.blobs.containers import Container, Content, blob_url
from devhost.functions import Indexed


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
