"""A product's name, description and metadata as JSON: what a document may hold, and how much."""

from __future__ import annotations

import json
from typing import Any

from shared_code.domain.errors import Unprocessable
from shared_code.domain.products import Metadata, ProductText

MAX_NAME = 500
MAX_DESCRIPTION = 10_000
MAX_METADATA_BYTES = 16_384
"""Size of the metadata as JSON: every picture of the product carries a copy of it."""

MAX_METADATA_DEPTH = 16
"""Levels of nesting. Qdrant writes deeper ones to its log but gives up reading them at 128."""

MAX_INTEGER = 2**63
"""Larger integers would be stored as floating point numbers, which are not the same."""

MAX_DOCUMENT_BYTES = 262_144
"""Size of a document that holds all of the above with every character escaped."""


def parse_document(product_id: str, data: bytes, *, default_name: str) -> ProductText:
    """Reads a sidecar or product document. Raises Unprocessable, which says what is wrong with
    it."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise Unprocessable(f"has {len(data)} bytes; the limit is {MAX_DOCUMENT_BYTES}")
    document = parse_json(data)
    if not isinstance(document, dict):
        raise Unprocessable("must be a JSON object with name, description and metadata")
    return make_product_text(
        product_id,
        name=document.get("name", default_name),
        description=document.get("description", ""),
        metadata=document.get("metadata", {}),
    )


def parse_json(data: bytes | str) -> Any:
    """Raises Unprocessable for what is not JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise Unprocessable(f"not valid JSON: {exc}") from exc


def make_product_text(
    product_id: str, *, name: Any, description: Any, metadata: Any
) -> ProductText:
    """Checks types and sizes; raises Unprocessable naming the field."""
    name = _check_text("name", name, MAX_NAME)
    if not name:
        raise Unprocessable("name must not be empty")
    description = _check_text("description", description, MAX_DESCRIPTION)
    return ProductText(product_id, name, description, check_metadata(metadata))


def check_metadata(value: Any) -> Metadata:
    """Returns the metadata as it is. Raises Unprocessable for what cannot be stored."""
    if not isinstance(value, dict):
        raise Unprocessable('metadata must be a JSON object, such as {"price": 49.9}')
    _check_nesting(value)
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except ValueError as exc:  # NaN, or half a surrogate pair
        raise Unprocessable("metadata holds a value that JSON in UTF-8 cannot express") from exc
    if size > MAX_METADATA_BYTES:
        raise Unprocessable(f"metadata takes {size} bytes; the limit is {MAX_METADATA_BYTES}")
    return value


def _check_text(field: str, value: Any, limit: int) -> str:
    if not isinstance(value, str):
        raise Unprocessable(f"{field} must be a string")
    if len(value) > limit:
        raise Unprocessable(f"{field} has {len(value)} characters; the limit is {limit}")
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise Unprocessable(f"{field} is not valid Unicode") from exc
    return value.strip()


def _check_nesting(metadata: dict[str, Any]) -> None:
    """Goes level by level: a recursion would itself fail at the depths that this refuses."""
    level: list[Any] = [metadata]
    for _ in range(MAX_METADATA_DEPTH):
        level = [inner for value in level for inner in _children(value)]
        if any(isinstance(v, int) and abs(v) >= MAX_INTEGER for v in level):
            raise Unprocessable("metadata holds an integer beyond 64 bits")
    if any(isinstance(value, dict | list) for value in level):
        raise Unprocessable(f"metadata is nested more than {MAX_METADATA_DEPTH} levels deep")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
