"""The message of a blob trigger: which function gets which blob. The host writes it to a queue of
its own and, after the last try, to the poison queue; the text is Azure's, byte for byte."""

from __future__ import annotations

import json
from dataclasses import dataclass

_FUNCTION = "Host.Functions."
_LONGEST_HOST_ID = 32 * "h"

MAX_RECEIPT_NAME = 1_024
"""Characters of a blob's name."""


@dataclass(frozen=True, slots=True)
class BlobMessage:
    function: str
    container: str
    blob: str
    etag: str
    """In quotes where the scan read it, without them where Event Grid told it."""

    @property
    def is_from_scan(self) -> bool:
        return self.etag.startswith('"')

    @property
    def receipt_length(self) -> int:
        """Characters in the name of the blob by which Azure's scan remembers this one; more than
        1,024 raise an exception that ends its host."""
        etag = '"0x8DD0C1F7B2A3E40"'  # a folder's is longer
        parts = ("blobreceipts", _LONGEST_HOST_ID, _FUNCTION + self.function, etag)
        return len("/".join((*parts, self.container, self.blob)))

    def to_text(self) -> str:
        fields = {
            "Type": "BlobTrigger",
            "FunctionId": _FUNCTION + self.function,
            "BlobType": "BlockBlob",
            "ContainerName": self.container,
            "BlobName": self.blob,
            "ETag": self.etag,
        }
        return json.dumps(fields, ensure_ascii=False, indent=2)

    @classmethod
    def from_text(cls, text: str | bytes) -> BlobMessage:
        fields = json.loads(text)
        function = str(fields["FunctionId"]).removeprefix(_FUNCTION)
        return cls(function, fields["ContainerName"], fields["BlobName"], fields["ETag"])
