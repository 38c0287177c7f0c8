"""The UserRows port in memory."""

import hashlib
import json
from threading import Lock

from shared_code.domain.ports import Row, StoredRow, encode_row


class MemoryRows:
    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], bytes] = {}
        self._lock = Lock()

    def get(self, owner: str, key: str) -> StoredRow | None:
        document = self._rows.get((owner, key))
        return (
            None if document is None else StoredRow(json.loads(document), _compute_etag(document))
        )

    def put(self, owner: str, key: str, row: Row, *, etag: str | None = None) -> bool:
        document = encode_row(row)
        with self._lock:
            stored = self.get(owner, key)
            if etag is not None and etag != (stored.etag if stored else ""):
                return False
            self._rows[owner, key] = document
        return True

    def delete(self, owner: str, key: str) -> bool:
        with self._lock:
            return self._rows.pop((owner, key), None) is not None

    def keys(self, owner: str) -> list[str]:
        return sorted(key for row_owner, key in list(self._rows) if row_owner == owner)

    def all(self, owner: str) -> dict[str, Row]:
        return {key: json.loads(self._rows[owner, key]) for key in self.keys(owner)}


def _compute_etag(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()
