"""The message of a blob trigger: which function gets which blob.

The host writes it to a queue of its own and, after the last attempt, to the poison queue. The text
is the same as Azure's, byte for byte.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

_FUNCTION_PREFIX = "Host.Functions."
_LONGEST_HOST_ID = 32 * "h"

MAX_RECEIPT_NAME = 1_024
"""Characters; the longest name of a blob."""


@dataclass(frozen=True, slots=True)
class BlobMessage:
    function: str
    container: str
    blob: str
    etag: str
    """In quotes when it comes from a scan, without quotes when it comes from Event Grid."""

    @property
    def is_from_scan(self) -> bool:
        return self.etag.startswith('"')

    @property
    def receipt_length(self) -> int:
        """The length of the name of the blob in which Azure's scan notes this one. More than 1,024
        characters raise an exception that ends Azure's host."""
        etag = '"0x8DD0C1F7B2A3E40"'  # a folder's is longer
        parts = ("blobreceipts", _LONGEST_HOST_ID, _FUNCTION_PREFIX + self.function, etag)
        return len("/".join((*parts, self.container, self.blob)))

    def to_text(self) -> str:
        fields = {
            "Type": "BlobTrigger",
            "FunctionId": _FUNCTION_PREFIX + self.function,
            "BlobType": "BlockBlob",
            "ContainerName": self.container,
            "BlobName": self.blob,
            "ETag": self.etag,
        }
        return json.dumps(fields, ensure_ascii=False, indent=2)

    @classmethod
    def from_text(cls, text: str | bytes) -> BlobMessage:
        fields = json.loads(text)
        function = str(fields["FunctionId"]).removeprefix(_FUNCTION_PREFIX)
        return cls(function, fields["ContainerName"], fields["BlobName"], fields["ETag"])
