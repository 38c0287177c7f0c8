"""The value of a blob trigger's function: a real InputStream, in Azure's shape."""

from __future__ import annotations

from azure.functions.blob import InputStream

from devhost.blobs.containers import BlobContent, Container, make_blob_url
from devhost.functions import AppFunction


def make_blob_value(
    function: AppFunction, container: Container, blob: str, content: BlobContent
) -> object:
    if function.annotation in (bytes, str):
        return content.data
    return InputStream(
        data=content.data,
        name=f"{container.name}/{blob}",
        uri=make_blob_url(container, blob),
        length=len(content.data),
        blob_properties=content.properties,
        metadata=content.metadata,
    )
